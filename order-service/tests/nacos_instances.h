/* nacos_instances: the life of an instance in a real Nacos: what it registers, and how it leaves, falls ill and
 * dies. */
#ifndef ORDER_SERVICE_TESTS_NACOS_INSTANCES_H
#define ORDER_SERVICE_TESTS_NACOS_INSTANCES_H

#include "nacos_lists.h"
#include "nacos_scene.h"
#include "scene_requests.h"

enum {
    NACOS_OWN_DELETE_MS = 30000, /* if it was not told another time */
    LEAVE_MS = DELETE_MS / 2,    /* an instance that leaves is gone before one that dies */
};

/* What start_all_in_nacos() sets arrives in Nacos, and at a caller. */
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

#endif
