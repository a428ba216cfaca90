/* A real Eureka as the only registry: what an instance registers arrives, an operator is obeyed, and an instance that
 * leaves, is ill or dies is not called any more. No call fails. */
#include "eureka_operator.h"

#include <stdlib.h>

#include "service/tests/control_case.h"

TestSuite(java_eureka, .timeout = 900);

enum {
    CHECK_INTERVAL_MS = 2000,
    LEASE_MS = 3 * CHECK_INTERVAL_MS, /* docs/reference.md: Eureka lets it live twice as long as durationInSecs says */
};

#define ENTRY_OF_1 "USER-SERVICE/user-service-1"
#define ENTRY_OF_2 "USER-SERVICE/user-service-2"
#define ENTRY_OF_3 "USER-SERVICE/user-service-3"

static void open_scene_with_metadata(void)
{
    open_world();
    start_eureka((const char *[]){CACHE_SHORT, CACHE_EXPIRES, EVICT_SOON, EVICT_ALWAYS, NULL});
    use_eureka("CHECK_INTERVAL=2s");
    user_settings[6] = "SERVICE_WEIGHT=3";
    user_settings[7] = "SERVICE_ZONE=zone-1";
    user_settings[8] = "SERVICE_VERSION=7.8.9";
    start_users_and_orders();
}

/* --- The parts --------------------------------------------------------------------------- */

static void expect_entry(void)
{
    char port[48];
    snprintf(port, sizeof port, "\"port\":{\"$\":%d,\"@enabled\":\"true\"}", user_ports[0].number);
    expect_shown(ENTRY_OF_1, port);
    expect_shown(ENTRY_OF_1, "\"status\":\"UP\"");
    expect_shown(ENTRY_OF_1, "\"version\":\"7.8.9\"");
    expect_shown("ORDER-SERVICE/order-service-1", "\"status\":\"UP\"");
    cr_expect(replies(&orders, "/discovery", 200, "\"weight\":3,\"zone\":\"zone-1\",\"status\":\"passing\""));
    await(is_the_source, "eureka", PATIENCE_MS, "Eureka is the source");
    await_reply(&orders, "/discovery/explain?service=user-service", 200, "{\"tier\":\"eureka\"");
}

/* The override outlives a registration, by the same process and by the next one. */
static void obey_the_operator(void)
{
    set_out_of_service(0, true);
    await(is_in_maintenance, &(int){0}, PATIENCE_MS, "OUT_OF_SERVICE: in maintenance");
    expect_not_called(0);

    cr_expect_eq(eureka_send(&eureka, "PUT", ENTRY_OF_1 "/metadata?weight=9", NULL, NULL), 200);
    expect_shown(ENTRY_OF_1, "\"weight\":\"9\"");
    await_shown(ENTRY_OF_1, "\"weight\":\"3\"", "its metadata is changed: it registers again");
    expect_shown(ENTRY_OF_1, "\"status\":\"OUT_OF_SERVICE\"");

    proc_stop(&users[0].proc, SIGKILL, 5000);
    start_user(0);
    cr_expect(proc_wait_output(&users[0].proc, "msg=registered", NULL, 0, PATIENCE_MS));
    await_shown(ENTRY_OF_1, "\"status\":\"OUT_OF_SERVICE\"", "started again, DOWN until its first heartbeat");
    await(is_in_maintenance, &(int){0}, PATIENCE_MS, "its caller knows");
    expect_not_called(0);

    set_out_of_service(0, false);
    await(user_is_usable, &(int){0}, PATIENCE_MS, "the override is deleted: usable");
    expect_shown(ENTRY_OF_1, "\"status\":\"UP\"");
}

static void command_1(const char *maintenance, const char *weight)
{
    char line[CONTROL_LINE_MAX];
    int code = control_command(&world, &users[0], (const char *const[3]){maintenance, weight}, line);
    cr_expect(code == 0 && strstr(line, "callers see it in eureka"), "%s", line);
}

/* The instance sets the override itself, and again if the entry is lost. */
static void obey_the_command(void)
{
    command_1("--maintenance=on", "--weight=5");
    expect_shown(ENTRY_OF_1, "\"status\":\"OUT_OF_SERVICE\"");
    expect_shown(ENTRY_OF_1, "\"weight\":\"5\"");
    await(is_in_maintenance, &(int){0}, PATIENCE_MS, "--maintenance on: in maintenance");
    expect_not_called(0);
    cr_expect_eq(eureka_send(&eureka, "DELETE", ENTRY_OF_1, NULL, NULL), 200);
    await_shown(ENTRY_OF_1, "\"weight\":\"5\"", "lost: registered again");
    await_shown(ENTRY_OF_1, "\"status\":\"OUT_OF_SERVICE\"", "lost: out of service again");
    command_1("--maintenance=off", "--weight=3");
    await_shown(ENTRY_OF_1, "\"status\":\"UP\"", "--maintenance off: UP");
    expect_shown(ENTRY_OF_1, "\"weight\":\"3\"");
    await(user_is_usable, &(int){0}, PATIENCE_MS, "--maintenance off: usable");
}

/* It waits for its last calls for longer than its lease lives: so without the server's log, a lease that has expired
 * would look like one that was cancelled. */
static void drain_one(void)
{
    cr_expect_eq(service_stop(&users[1]), 0);
    expect_shown(ENTRY_OF_2, NULL);
    char *log = proc_output(&eureka.proc);
    cr_expect_not_null(strstr(log, "Cancelled instance USER-SERVICE/"));
    cr_expect_null(strstr(log, "expired lease for USER-SERVICE/"), "it was not deregistered, but evicted");
    free(log);
    await(is_not_listed, &(int){1}, PATIENCE_MS, "stopped: not in the list");
    start_user(1);
    await(user_is_usable, &(int){1}, PATIENCE_MS, "started again: usable");
}

static int64_t number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

/* When it sent its last heartbeat, in wall-clock time: the server adds the duration when it stores that. Without a
 * heartbeat it stores the time of the registration. */
static int64_t last_heartbeat_ms(const char *entry)
{
    struct probe_reply reply = {0};
    cr_expect_eq(eureka_send(&eureka, "GET", entry, NULL, &reply), 200);
    const char *body = buf_text(&reply.body);
    int64_t at_ms = number_after(body, "\"lastRenewalTimestamp\":") - 1000 * number_after(body, "\"durationInSecs\":");
    cr_expect_geq(at_ms, number_after(body, "\"registrationTimestamp\":"), "it was renewed as soon as it registered");
    probe_reply_close(&reply);
    return at_ms;
}

static void lose_one(void)
{
    proc_stop(&users[1].proc, SIGKILL, 5000);
    int64_t beat_ms = last_heartbeat_ms(ENTRY_OF_2);
    await_shown(ENTRY_OF_2, NULL, "killed: its lease has expired");
    int64_t lived_ms = clock_wall_ms() - beat_ms;
    cr_expect_geq(lived_ms, LEASE_MS - 100, "the lease lived for %lld ms", (long long)lived_ms); /* 100: rounding */
    REPORT("the lease lived for %lld ms after the last heartbeat, as promised %d", (long long)lived_ms, LEASE_MS);
    await(is_not_listed, &(int){1}, PATIENCE_MS, "killed: evicted, and not in the list");
    start_user(1);
    await(user_is_usable, &(int){1}, PATIENCE_MS, "started again: usable");
}

/* A whole disk is never free, so its deep check fails. */
static void be_ill(void)
{
    cr_expect_eq(service_stop(&users[2]), 0);
    user_settings[9] = "DISK_MIN_FREE=100%";
    start_user(2);
    user_settings[9] = NULL;
    await_shown(ENTRY_OF_3, "\"status\":\"DOWN\"", "ill: DOWN");
    cr_expect(proc_wait_output(&users[2].proc, "msg=registered", NULL, 0, PATIENCE_MS));
    await(user_is_avoided, &(int){2}, PATIENCE_MS, "ill: avoided");
    expect_not_called(2);
    expect_shown(ENTRY_OF_3, "\"status\":\"DOWN\"");
    cr_expect_eq(service_stop(&users[2]), 0);
    start_user(2);
    await(user_is_usable, &(int){2}, PATIENCE_MS, "well again: usable");
}

/* The same process reports DOWN and UP again, and all are still called. */
static void all_be_ill(void)
{
    server_stop(&world.redis); /* the deep check of each user-service needs it */
    await(all_are_critical, NULL, PATIENCE_MS, "Redis stopped: all are critical");
    expect_shown(ENTRY_OF_1, "\"status\":\"DOWN\"");
    cr_expect_eq(get_status(&orders, "/users/7", NULL), 200, "all are critical, so calls fail open");
    start_server(&world.redis);
    await(all_are_usable, NULL, PATIENCE_MS, "Redis started again: all are usable");
}

Test(java_eureka, instances_arrive_obey_leave_and_return)
{
    open_scene_with_metadata();
    struct load *load = load_orders(2, 25);
    expect_entry();
    obey_the_operator();
    obey_the_command();
    drain_one();
    lose_one();
    be_ill();
    all_be_ill();
    stop_load(load, "maintenance, drain, death and illness");
    close_eureka_scene();
}
