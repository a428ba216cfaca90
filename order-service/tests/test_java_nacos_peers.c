/* Two servers of Nacos 3 as peers. They do not forward what an instance sends (write_form() in registry/nacos/nacos.c),
 * so it sends it to both; without that, half of the instances would be missing in the list of each. One dies, returns.
 * Version 2 forwards, and stays with one server: common/registry/nacos/tests/test_nacos_http.c. */
#include "nacos_lists.h"
#include "nacos_scene.h"

TestSuite(java_nacos_peers, .timeout = 1500);

enum {
    PEERS = 2,
    LIFE_MS = 12000 + 2 * 5000, /* of an instance without heartbeats, CHECK_INTERVAL=2s: docs/reference.md */
};

static struct server peers[PEERS];

static void start_peers(void)
{
    static char members[128];
    for (int i = 0; i < PEERS; i++)
        cr_assert_eq(server_init(&peers[i], SERVER_NACOS, &world.folder, &err), 0, "%s", err.text);
    snprintf(members, sizeof members, "NACOS_MEMBERS=127.0.0.1:%d,127.0.0.1:%d", peers[0].port.number,
             peers[1].port.number);
    for (int i = 0; i < PEERS; i++) {
        peers[i].env[0] = members;
        cr_assert_eq(server_launch(&peers[i], &err), 0, "%s", err.text);
    }
    for (int i = 0; i < PEERS; i++)
        cr_assert_eq(server_wait_ready(&peers[i], &err), 0, "%s", err.text);
    snprintf(nacos_setting, sizeof nacos_setting, "NACOS_SERVER_ADDR=127.0.0.1:%d,127.0.0.1:%d", peers[0].port.number,
             peers[1].port.number);
}

static void close_peers(void)
{
    for (int i = 0; i < USERS; i++)
        cr_expect_eq(service_stop(&users[i]), 0, "%s", user_id(i));
    cr_expect_eq(service_stop(&orders), 0);
    for (int i = 0; i < PEERS; i++)
        server_close(&peers[i]);
    close_world();
}

static void await_all_at(int peer, const char *what)
{
    await(nacos_has_all, &peers[peer], PATIENCE_MS, what);
}

static bool one_has_lost_some(void *arg)
{
    struct view view;
    (void)arg;
    read_view(&view);
    for (int i = 0; i < PEERS; i++)
        if (proc_is_running(&peers[i].proc) && !nacos_has_all(&peers[i]))
            return true;
    return false;
}

static void expect_all_to_stay(const char *what)
{
    cr_expect_not(wait_until(one_has_lost_some, NULL, LIFE_MS), "%s: a server lost an instance", what);
}

/* For a whole life of an instance nothing was missing. arg: int64_t, since when. */
static bool has_settled(void *arg)
{
    int64_t *since_ms = arg;
    if (one_has_lost_some(NULL))
        *since_ms = clock_ms();
    return clock_ms() - *since_ms > LIFE_MS;
}

static bool is_at_no_peer(void *arg)
{
    for (int i = 0; i < PEERS; i++) {
        json_t *entry = nacos_entry_new(&peers[i], *(int *)arg);
        json_decref(entry);
        if (entry)
            return false;
    }
    return true;
}

Test(java_nacos_peers, each_peer_has_all_and_one_is_enough)
{
    open_world();
    server_stop(&world.consul);
    start_peers();
    use_registry(NULL, NULL);
    start_users_and_orders();
    await_all_at(0, "all are healthy at the first server");
    await_all_at(1, "all are healthy at the second server");
    expect_all_to_stay("both run");

    struct load *load = load_orders(2, 25);
    cr_expect_eq(service_stop(&users[0]), 0);
    await(is_at_no_peer, &(int){0}, PATIENCE_MS, "stopped: at no server");
    await(is_not_listed, &(int){0}, PATIENCE_MS, "stopped: not in the list");
    start_user(0);
    await(all_are_usable, NULL, PATIENCE_MS, "started again: usable");

    fewest = USERS;
    server_kill(&peers[0]);
    expect_all_to_stay("one is killed");
    await(is_the_source, "nacos", PATIENCE_MS, "the other is the source");
    cr_assert_eq(server_start(&peers[0], &err), 0, "%s", err.text);
    await_all_at(0, "it is back: all are healthy at it");
    /* While it and its peer exchange what they know, an instance may be missing in the list of one for a moment. */
    await(has_settled, &(int64_t){clock_ms()}, LIFE_MS + PATIENCE_MS, "both have all, and keep them");
    /* On a busy machine the one that answers may be late, and the other, just back, may lack one of three instances. */
    cr_expect_gt(2 * fewest, USERS, "the list shrank to %d", fewest);
    stop_load(load, "one of two servers killed and started again");
    close_peers();
}
