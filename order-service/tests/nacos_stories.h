/* nacos_stories: what must hold on a real Nacos of either version, in parts that share one server. */
#ifndef ORDER_SERVICE_TESTS_NACOS_STORIES_H
#define ORDER_SERVICE_TESTS_NACOS_STORIES_H

#include "nacos_lists.h"
#include "nacos_scene.h"
#include "service/tests/control_case.h"

enum {
    CHECK_INTERVAL_MS = 2000,
    DELETE_MS = 6 * CHECK_INTERVAL_MS, /* docs/reference.md; Nacos looks every 5 s */
    NACOS_LOOKS_MS = 5000,
    NACOS_OWN_DELETE_MS = 30000, /* if it was not told another time */
    LEAVE_MS = DELETE_MS / 2,    /* an instance that leaves is gone before one that dies */
};

/* --- The scene ----------------------------------------------------------------------------- */

static void open_shared_scene(enum server_kind kind, const char *group)
{
    open_world();
    server_stop(&world.consul);
    use_shared_nacos(kind);
    use_nacos(group);
}

static void start_all_in_nacos(void)
{
    user_settings[FREE_SETTING] = "SERVICE_WEIGHT=3";
    user_settings[FREE_SETTING + 1] = "SERVICE_ZONE=zone-1";
    user_settings[FREE_SETTING + 2] = "SERVICE_VERSION=7.8.9";
    start_users_and_orders();
    await(nacos_has_all, &nacos, PATIENCE_MS, "all are healthy in Nacos");
}

/* --- Messages ------------------------------------------------------------------------------ */

/* Starts user-service with these settings besides those of the scene. It says `said`, and not its password. */
static void start_to_hear(const char *said, const char *const settings[])
{
    const char *env[SETTINGS_MAX] = {NULL};
    size_t count = 0;
    for (; user_settings[count]; count++)
        env[count] = user_settings[count];
    for (; *settings; settings++)
        env[count++] = *settings;
    cr_assert_eq(service_start(&users[0], &world, "user-service", env, &err), 0, "%s", err.text);
    bool so = proc_wait_output(&users[0].proc, said, NULL, 0, PATIENCE_MS);
    char *log = proc_output(&users[0].proc);
    cr_expect(so, "want %s, have %s", said, log);
    cr_expect_null(strstr(log, "wrong-word"), "%s", log);
    free(log);
}

static void expect_message(const char *said, const char *setting)
{
    start_to_hear(said, (const char *const[]){setting, NULL});
    proc_stop(&users[0].proc, SIGKILL, PATIENCE_MS);
}

static bool namespace_has_one(void *arg)
{
    (void)arg;
    json_t *list = nacos_list_new(&nacos, "user-service", "dev");
    size_t count = json_array_size(list);
    json_decref(list);
    return count == 1;
}

/* The namespace is created while the service asks for it again and again. */
static void hear_unknown_namespace(void)
{
    start_to_hear("error=\"nacos: NACOS_NAMESPACE=dev: Nacos has no namespace with this id; create it, or correct the "
                  "setting (an id is not the name)\"",
                  (const char *const[]){"NACOS_NAMESPACE=dev", NULL});
    json_t *list = nacos_list_new(&nacos, "user-service", "dev");
    cr_expect(json_is_array(list) && json_array_size(list) == 0, "not registered");
    json_decref(list);
    if (is_nacos_3())
        expect_sent("POST", "/v3/admin/core/namespace", "namespaceId=dev&namespaceName=for-development");
    else
        expect_sent("POST", "/v1/console/namespaces", "customNamespaceId=dev&namespaceName=for-development");
    cr_expect(proc_wait_output(&users[0].proc, "msg=registered registry=nacos", NULL, 0, PATIENCE_MS));
    await(namespace_has_one, NULL, PATIENCE_MS, "registered in the namespace");
    cr_expect_eq(healthy_count(&nacos, "user-service"), 0, "the namespace public stays empty");
    cr_expect_eq(service_stop(&users[0]), 0);
}

static void hear_no_login(void)
{
    expect_message(is_nacos_3() ? "error=\"nacos: HTTP 403: Code: 401, Message: User not found! Please check user "
                                  "exist or password is right!.; set NACOS_USERNAME and NACOS_PASSWORD\""
                                : "error=\"nacos: HTTP 403: user not found!; set NACOS_USERNAME and NACOS_PASSWORD\"",
                   "NACOS_USERNAME=");
}

static void hear_wrong_password(void)
{
    expect_message(is_nacos_3() ? "error=\"nacos: cannot log in: HTTP 500; check NACOS_USERNAME and NACOS_PASSWORD;"
                                : "error=\"nacos: cannot log in: HTTP 403; check NACOS_USERNAME and NACOS_PASSWORD;",
                   "NACOS_PASSWORD=wrong-word");
}

/* --- What arrives -------------------------------------------------------------------------- */

static void expect_entry(void)
{
    json_t *entry = nacos_entry_new(&nacos, 0);
    const json_t *metadata = json_object_get(entry, "metadata");
    cr_expect(json_is_true(json_object_get(entry, "healthy")));
    cr_expect_eq(json_number_value(json_object_get(entry, "weight")), 3);
    cr_expect_str_eq(json_string_value(json_object_get(metadata, "id")), user_id(0));
    cr_expect_str_eq(json_string_value(json_object_get(metadata, "zone")), "zone-1");
    cr_expect_str_eq(json_string_value(json_object_get(metadata, "version")), "7.8.9");
    json_decref(entry);
    cr_expect(nacos_has_all(&nacos));
    cr_expect(replies(&orders, "/discovery", 200, "\"weight\":3,\"zone\":\"zone-1\",\"status\":\"passing\""));
    await(is_the_source, "nacos", PATIENCE_MS, "Nacos is the source");
    await_reply(&orders, "/discovery/explain?service=user-service", 200, "{\"tier\":\"nacos\"");
}

/* --- An operator --------------------------------------------------------------------------- */

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

/* --- Leave, fall ill, die ------------------------------------------------------------------ */

static void drain_one(void)
{
    cr_expect_eq(service_stop(&users[1]), 0);
    await(entry_is_gone, &(int){1}, LEAVE_MS, "stopped: not in Nacos");
    await(is_not_listed, &(int){1}, PATIENCE_MS, "stopped: not in the list");
    start_user(1);
    await(user_is_usable, &(int){1}, PATIENCE_MS, "started again: usable");
}

/* A whole disk is never free, so its deep check fails. */
static void fall_ill(void)
{
    cr_expect_eq(service_stop(&users[2]), 0);
    user_settings[FREE_SETTING + 3] = "DISK_MIN_FREE=100%";
    start_user(2);
    user_settings[FREE_SETTING + 3] = NULL;
    await(entry_is_unhealthy, &(int){2}, PATIENCE_MS, "ill: unhealthy in Nacos");
    await(user_is_avoided, &(int){2}, PATIENCE_MS, "ill: avoided");
    expect_not_called(2);
}

static void lose_one(void)
{
    proc_stop(&users[1].proc, SIGKILL, 5000);
    int64_t died_ms = clock_ms();
    await(entry_is_unhealthy, &(int){1}, PATIENCE_MS, "killed: unhealthy in Nacos");
    await(entry_is_gone, &(int){1}, PATIENCE_MS, "then removed from Nacos");
    int64_t lived_ms = clock_ms() - died_ms;
    /* Its last heartbeat was up to one interval old, and on a busy machine another one late. */
    cr_expect_geq(lived_ms, DELETE_MS - 2 * CHECK_INTERVAL_MS, "it lived for %lld ms", (long long)lived_ms);
    cr_expect_lt(lived_ms, NACOS_OWN_DELETE_MS, "Nacos was told the times; it lived for %lld ms", (long long)lived_ms);
    REPORT("killed: removed after %lld ms, as promised %d to %d", (long long)lived_ms, DELETE_MS - CHECK_INTERVAL_MS,
           DELETE_MS + NACOS_LOOKS_MS);
    await(is_not_listed, &(int){1}, PATIENCE_MS, "killed: not in the list");
}

/* Its registrations keep an ill instance in Nacos for longer than one without heartbeats would live. */
static void lose_one_while_another_is_ill(void)
{
    fall_ill();
    int64_t longer = deadline_in(DELETE_MS + 2 * NACOS_LOOKS_MS);
    lose_one();
    wait_until(is_past, &longer, PATIENCE_MS);
    cr_expect(entry_is_unhealthy(&(int){2}), "the ill one is still in Nacos, and unhealthy");
    cr_expect(user_is_avoided(&(int){2}) && !is_not_listed(&(int){2}), "and in the list, as critical");
    expect_not_called(2);

    cr_expect_eq(service_stop(&users[2]), 0);
    start_user(2);
    start_user(1);
    await(all_are_usable, NULL, PATIENCE_MS, "both started again, and well: all are usable");
}

/* The same process reports itself unhealthy and healthy again, and all are still called. */
static void all_be_ill(void)
{
    server_stop(&world.redis); /* the deep check of each user-service needs it */
    await(all_are_critical, NULL, PATIENCE_MS, "Redis stopped: all are critical");
    cr_expect_eq(healthy_count(&nacos, "user-service"), 0);
    cr_expect_eq(get_status(&orders, "/users/7", NULL), 200, "all are critical, so calls fail open");
    start_server(&world.redis);
    await(all_are_usable, NULL, PATIENCE_MS, "Redis started again: all are usable");
}

/* --- A login that expires ------------------------------------------------------------------ */

/* On a busy machine a login may be late, but neither it nor another request is refused. */
static void expect_no_refusal(const struct service *service)
{
    char *log = proc_output(&service->proc);
    cr_expect_null(strstr(log, "HTTP 403"), "%s", log);
    cr_expect_null(strstr(log, "cannot log in: HTTP"), "%s", log);
    free(log);
}

static void outlive_logins(void)
{
    int64_t twice = deadline_in(2 * 1000 * TOKEN_SECONDS);
    wait_until(is_past, &twice, 3 * 1000 * TOKEN_SECONDS);
    await(is_the_source, "nacos", PATIENCE_MS, "after two logins have expired, Nacos is the source");
    expect_no_refusal(&orders);
    for (int i = 0; i < USERS; i++)
        expect_no_refusal(&users[i]);
}

/* --- The tests ----------------------------------------------------------------------------- */

/* Runs one of the parts above on the shared server, with orders on the way; none may fail. */
static void tell(enum server_kind kind, const char *group, void (*part)(void))
{
    open_shared_scene(kind, group);
    start_all_in_nacos();
    struct load *load = load_orders(2, 25);
    part();
    stop_load(load, group);
    close_nacos_scene();
}

/* The same for a part that starts user-service itself, to hear what it says. */
static void hear(enum server_kind kind, const char *group, void (*part)(void))
{
    open_shared_scene(kind, group);
    part();
    close_nacos_scene();
}

#endif
