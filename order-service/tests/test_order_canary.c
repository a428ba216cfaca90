/* Version and tag routing, and a canary release, on real servers: two user-services of version 1.0.0, and one of
 * 2.0.0 with the tag canary. */
#include <stdlib.h>
#include <sys/wait.h>

#include "scene.h"
#include "scene_requests.h"
#include "service/tests/control_case.h"

TestSuite(order_canary, .timeout = 300);

enum { CALLING_USERS = 100 };

/* A check or a read that is slow on a busy machine takes no instance out of its side, and fails no attempt. */
#define PATIENT "HEALTH_TIMEOUT=20s", "CHECK_TIMEOUT=30s", "DATABASE_TIMEOUT=20s"
static const char *const stable[] = {"SERVICE_VERSION=1.0.0", "SERVICE_TAGS=v1", PATIENT, NULL};
static const char *const new_one[] = {"SERVICE_VERSION=2.0.0", "SERVICE_TAGS=v1,canary", PATIENT, NULL};

static void start_user_with(int i, const char *const settings[])
{
    start(&users[i], "user-service", user_id(i), user_ports[i].number, settings);
}

/* Two of the old version, one of the new. SETTINGS_MAX entries, because start() copies as many. */
static void open_release(const char *setting)
{
    const char *settings[SETTINGS_MAX] = {0};
    open_world();
    for (int i = 0; i < USERS; i++) {
        memcpy(settings, i < 2 ? stable : new_one, sizeof stable);
        start_user_with(i, settings);
    }
    order_settings[0] = setting;
    start_orders();
    cr_assert(wait_until(all_are_usable, NULL, PATIENCE_MS), "the services do not start");
}

static void restart_orders(const char *setting)
{
    cr_expect_eq(service_stop(&orders), 0);
    order_settings[0] = setting;
    start_orders();
    cr_assert(wait_until(all_are_usable, NULL, PATIENCE_MS), "%s", setting);
}

/* The users whose calls the new version serves; the calls of all others go to the old one. */
static int canary_users(bool is_canary[CALLING_USERS])
{
    struct probe *probe = probe_new();
    int count = 0;
    for (int user = 0; user < CALLING_USERS; user++) {
        struct called called;
        view_call(probe, &orders, user + 1, &called);
        cr_expect_eq(called.status, 200);
        is_canary[user] = strcmp(called.upstream, user_id(2)) == 0;
        count += is_canary[user];
    }
    probe_free(probe);
    return count;
}

/* Of 100 users, 10 % are 10 with a standard deviation of 3. They are always the same users. */
Test(order_canary, share_of_the_users_calls_the_new_version, .fini = close_scene)
{
    bool none[CALLING_USERS], few[CALLING_USERS], again[CALLING_USERS], half[CALLING_USERS], all[CALLING_USERS];
    open_release("USER_SERVICE_CANARY=version=2.0.0:0%");
    cr_expect_eq(canary_users(none), 0);
    restart_orders("USER_SERVICE_CANARY=version=2.0.0:10%");
    int count = canary_users(few);
    cr_expect(count >= 2 && count <= 20, "%d", count);
    canary_users(again);
    cr_expect_arr_eq(few, again, sizeof few);
    restart_orders("USER_SERVICE_CANARY=tag=canary:50%");
    cr_expect_gt(canary_users(half), count);
    for (int user = 0; user < CALLING_USERS; user++)
        cr_expect(half[user] || !few[user], "user %d has left the canary", user + 1);
    restart_orders("USER_SERVICE_CANARY=version=2.0.0:100%");
    cr_expect_eq(canary_users(all), CALLING_USERS);
}

/* --- While it runs ------------------------------------------------------------------------------ */

static void send_share(const char *method, const char *value)
{
    char url[300];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v1/kv/config/order-service/USER_SERVICE_CANARY", consul->url);
    const struct probe_request request = {.method = method, .url = url, .body = value};
    cr_assert_eq(probe_send(NULL, &request, &reply, &err), 0, "%s", err.text);
    cr_assert_eq(reply.status, 200, "%s", buf_text(&reply.body));
    probe_reply_close(&reply);
}

/* A release by Consul KV. What is wrong is refused, and without the key the environment's share counts. */
Test(order_canary, share_changes_without_a_restart, .fini = close_scene)
{
    bool is_canary[CALLING_USERS];
    static const char explain[] = "/discovery/explain?service=user-service&key=7";
    open_release("USER_SERVICE_CANARY=version=2.0.0:0%");
    send_share("PUT", "version=2.0.0:100%");
    await_reply(&orders, explain, 200, "(version=2.0.0:100%)");
    cr_expect_eq(canary_users(is_canary), CALLING_USERS);
    send_share("PUT", "version=2.0.0:200%");
    await_reply(&orders, "/metrics", 200, "config_values_total{result=\"refused\"} 1");
    cr_expect_eq(canary_users(is_canary), CALLING_USERS);
    send_share("DELETE", NULL);
    await_reply(&orders, explain, 200, "(version=2.0.0:0%)");
    cr_expect_eq(canary_users(is_canary), 0);
}

#define ATTEMPTS(side) "service_call_attempts_total{service=\"user-service\",side=\"" side "\"} 100\n"

/* The canary goes away, and all its users are served by the old version; it comes back, and they return. */
Test(order_canary, users_fall_back_while_the_canary_is_away, .fini = close_scene)
{
    bool is_canary[CALLING_USERS];
    int third = 2;
    open_release("USER_SERVICE_CANARY=version=2.0.0:100%");
    cr_expect_eq(canary_users(is_canary), CALLING_USERS);
    cr_expect(replies(&orders, "/discovery/explain?service=user-service&key=7", 200,
                      "it is not the canary (version=2.0.0:100%), and this key is in the canary's share"));
    cr_expect_eq(service_stop(&users[2]), 0);
    await(user_is_avoided, &third, PATIENCE_MS, "the canary is avoided");
    cr_expect_eq(canary_users(is_canary), 0);
    cr_expect(replies(&orders, "/metrics", 200, ATTEMPTS("canary")));
    cr_expect(replies(&orders, "/metrics", 200, ATTEMPTS("stable")));
    const char *settings[SETTINGS_MAX] = {0};
    memcpy(settings, new_one, sizeof new_one);
    start_user_with(2, settings);
    await(user_is_usable, &third, PATIENCE_MS, "the canary is back");
    cr_expect_eq(canary_users(is_canary), CALLING_USERS);
}

static int maintain_new_one(const char *state)
{
    char line[CONTROL_LINE_MAX];
    return control_command(&world, &users[2], (const char *const[3]){"--maintenance", state}, line);
}

Test(order_canary, only_the_version_and_tags_wanted_are_called, .fini = close_scene)
{
    bool is_new[CALLING_USERS];
    open_release("USER_SERVICE_VERSION=2.0.0");
    cr_expect_eq(canary_users(is_new), CALLING_USERS);
    cr_expect(replies(&orders, "/discovery/explain?service=user-service&key=7", 200,
                      "\"reason\":\"version is 1.0.0, and USER_SERVICE_VERSION is 2.0.0\"}"));
    await_reply(&orders, "/health", 200, "\"detail\":\"1 passing, 0 warning, 0 critical\""); /* of version 2.0.0 */
    cr_expect_eq(maintain_new_one("on"), 0);
    await_reply(&orders, "/health", 200, "\"status\":\"unhealthy\"");
    cr_expect(replies(&orders, "/health", 200, "\"detail\":\"0 passing, 0 warning, 1 critical\""));
    cr_expect_eq(maintain_new_one("off"), 0);
    restart_orders("USER_SERVICE_TAGS=v1,canary");
    cr_expect_eq(canary_users(is_new), CALLING_USERS);
    restart_orders("USER_SERVICE_VERSION=1.0.0");
    cr_expect_eq(canary_users(is_new), 0);
    restart_orders("USER_SERVICE_VERSION=3.0.0");
    cr_expect(replies(&orders, "/users/7", 503,
                      "No healthy user-service instances: none has version 3.0.0 (USER_SERVICE_VERSION)"));
    cr_expect(replies(&orders, "/health", 200,
                      "0 passing, 0 warning, 0 critical; none has version 3.0.0 (USER_SERVICE_VERSION)"));
}

Test(order_canary, bad_canary_ends_the_start_with_exit_code_2)
{
    struct service service;
    open_world();
    cr_assert_eq(service_launch(&service, &world, "order-service",
                                (const char *const[]){"USER_SERVICE_CANARY=version=2.0.0", NULL}, &err), 0);
    cr_assert(proc_wait(&service.proc, PATIENCE_MS));
    cr_expect_eq(WEXITSTATUS(service.proc.status), 2);
    char *output = proc_output(&service.proc);
    cr_expect(strstr(output, "USER_SERVICE_CANARY=version=2.0.0: want a version or a tag"), "%s", output);
    free(output);
    close_world();
}
