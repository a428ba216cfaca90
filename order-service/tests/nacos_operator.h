/* nacos_operator: an operator changes an instance, in a real Nacos or by a command to the instance itself, and callers
 * obey. */
#ifndef ORDER_SERVICE_TESTS_NACOS_OPERATOR_H
#define ORDER_SERVICE_TESTS_NACOS_OPERATOR_H

#include "nacos_lists.h"
#include "nacos_scene.h"
#include "service/tests/control_case.h"

/* A weight of 0 outlives the next registration, by a new process. */
static void take_weight_away(void)
{
    operate(0, "weight=0&enabled=true");
    await(is_in_maintenance, &(int){0}, PATIENCE_MS, "weight 0: in maintenance");
    expect_not_called(0);
    proc_stop(&users[0].proc, SIGKILL, 5000);
    start_user(0);
    cr_expect(proc_wait_output(&users[0].proc, "msg=registered", NULL, 0, PATIENCE_MS));
    cr_expect_not(wait_until(user_is_usable, &(int){0}, 2 * CHECK_INTERVAL_MS), "its new process stays in maintenance");
    await(is_in_maintenance, &(int){0}, PATIENCE_MS, "it is in maintenance");
    expect_not_called(0);
    operate(0, "weight=3&enabled=true");
    await(user_is_usable, &(int){0}, PATIENCE_MS, "weight 3: usable");
}

/* Nacos lists no disabled instance. Its heartbeats go on. */
static void disable(void)
{
    operate(0, "weight=3&enabled=false");
    await(is_not_listed, &(int){0}, PATIENCE_MS, "disabled: not in the list");
    expect_not_called(0);
    cr_expect_not(wait_until(user_is_usable, &(int){0}, 2 * CHECK_INTERVAL_MS), "its heartbeats do not bring it back");
    operate(0, "weight=3&enabled=true");
    await(user_is_usable, &(int){0}, PATIENCE_MS, "enabled: usable");
}

static bool weight_is(void *arg)
{
    json_t *entry = nacos_entry_new(&nacos, 0);
    bool is = entry && json_number_value(json_object_get(entry, "weight")) == *(const int *)arg;
    json_decref(entry);
    return is;
}

static void command_1(const char *maintenance, const char *weight)
{
    char line[CONTROL_LINE_MAX];
    int code = control_command(&world, &users[0], (const char *const[3]){maintenance, weight}, line);
    cr_expect(code == 0 && strstr(line, "callers see it in nacos"), "%s", line);
}

/* The instance takes its own weight away. Its heartbeats go on. */
static void obey_the_command(void)
{
    command_1("--maintenance=on", NULL);
    await(weight_is, &(int){0}, PATIENCE_MS, "--maintenance on: weight 0");
    await(is_in_maintenance, &(int){0}, PATIENCE_MS, "--maintenance on: in maintenance");
    expect_not_called(0);
    cr_expect_not(wait_until(user_is_usable, &(int){0}, 2 * CHECK_INTERVAL_MS), "its heartbeats do not bring it back");
    command_1("--maintenance=off", "--weight=5");
    await(weight_is, &(int){5}, PATIENCE_MS, "--maintenance off --weight 5: weight 5");
    await(user_is_usable, &(int){0}, PATIENCE_MS, "--maintenance off: usable");
}

#endif
