/* Consul KV as the configuration center of running services: what changes, how soon, and what does not change when a
 * value is bad, a key is deleted, or Consul is down or has lost its keys. */
#include "scene.h"
#include "scene_requests.h"
#include "service/tests/control_case.h"

TestSuite(order_config, .timeout = 300);

/* --- Keys ---------------------------------------------------------------------------------- */

static void send_key(const char *method, const char *key, const char *value)
{
    char url[300];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v1/kv/config/%s", consul->url, key);
    const struct probe_request request = {.method = method, .url = url, .body = value};
    cr_assert_eq(probe_send(NULL, &request, &reply, &err), 0, "%s", err.text);
    cr_assert_eq(reply.status, 200, "%s: %s", key, buf_text(&reply.body));
    probe_reply_close(&reply);
}

static void put_key(const char *key, const char *value)
{
    send_key("PUT", key, value);
}

/* --- What a service did ----------------------------------------------------------------------- */

static int lines_with(const struct service *service, const char *text)
{
    char *output = proc_output(&service->proc);
    int count = 0;
    for (const char *at = output; (at = strstr(at, text)); at += strlen(text))
        count++;
    free(output);
    return count;
}

struct logged {
    const struct service *service;
    const char *text;
    int times;
};

static bool is_logged(void *arg)
{
    const struct logged *logged = arg;
    return lines_with(logged->service, logged->text) >= logged->times;
}

/* Returns how long it took, in ms. */
static int64_t await_line(const struct service *service, const char *text, int times)
{
    int64_t took_ms = time_until(is_logged, &(struct logged){service, text, times}, PATIENCE_MS);
    cr_expect(took_ms >= 0, "%s is not logged %d times", text, times);
    return took_ms;
}

/* Puts a value, and waits until the service has logged that it changed. */
static int64_t change(const struct service *service, const char *key, const char *value)
{
    char line[128];
    snprintf(line, sizeof line, "msg=config_changed key=%s value=%s ", strchr(key, '/') + 1, value);
    int before = lines_with(service, line);
    put_key(key, value);
    return await_line(service, line, before + 1);
}

static void expect_no_change(const struct service *service, int changes)
{
    cr_expect_eq(lines_with(service, "msg=config_changed"), changes, "a value has changed");
}

/* --- Tests -------------------------------------------------------------------------------------- */

Test(order_config, policy_changes_under_load_fail_no_call)
{
    static const char *const policies[] = {"random", "round_robin", "consistent_hash", "least_request", "weighted"};
    enum { CHANGES = 15 };
    int64_t slowest_ms = 0; /* a series of changes has the pace of the watch: two queries a second */
    open_scene();
    REPORT("a single change was in use %lld ms after its PUT",
           (long long)change(&orders, "order-service/CALL_TIMEOUT", "8s"));
    struct load *load = load_orders(4, 50);
    for (int i = 0; i < CHANGES; i++) {
        int64_t took_ms = change(&orders, "order-service/LB_POLICY", policies[i % 5]);
        slowest_ms = took_ms > slowest_ms ? took_ms : slowest_ms;
    }
    REPORT("the slowest of %d changes was in use %lld ms after its PUT", CHANGES, (long long)slowest_ms);
    stop_load(load, "15 changes of LB_POLICY");
    close_scene();
}

/* With consistent_hash all calls for one user go to one instance. */
static void count_upstreams(int calls, int per_user[USERS])
{
    memset(per_user, 0, USERS * sizeof *per_user);
    for (int i = 0; i < calls; i++) {
        struct called called;
        view_call(NULL, &orders, 1, &called);
        for (int u = 0; u < USERS; u++)
            per_user[u] += strcmp(called.upstream, user_id(u)) == 0;
    }
}

Test(order_config, new_policy_decides_the_next_calls)
{
    int per_user[USERS];
    open_scene();
    count_upstreams(6, per_user);
    cr_expect(per_user[0] == 2 && per_user[1] == 2, "%d %d %d", per_user[0], per_user[1], per_user[2]);
    change(&orders, "order-service/LB_POLICY", "consistent_hash");
    count_upstreams(6, per_user);
    cr_expect(per_user[0] == 6 || per_user[1] == 6 || per_user[2] == 6, "%d %d %d", per_user[0], per_user[1],
              per_user[2]);
    close_scene();
}

Test(order_config, refused_value_leaves_the_last_good_one)
{
    open_scene();
    change(&orders, "order-service/LB_POLICY", "random");
    put_key("order-service/LB_POLICY", "fastest");
    await_line(&orders, "msg=config_refused key=LB_POLICY value=fastest accepts=\"one of random|", 1);
    put_key("order-service/CALL_TIMEOUT", "3");
    await_line(&orders, "msg=config_refused key=CALL_TIMEOUT value=3 accepts=\"a duration of 10ms to 5m", 1);
    put_key("order-service/LB_POLCY", "weighted");
    await_line(&orders, "msg=config_unknown_keys keys=LB_POLCY accepts=", 1);
    expect_no_change(&orders, 1);
    await_reply(&orders, "/metrics", 200, "config_values_total{result=\"refused\"} 2");
    close_scene();
}

Test(order_config, deleted_key_returns_to_the_environment)
{
    order_settings[0] = "LB_POLICY=round_robin";
    open_scene();
    change(&orders, "order-service/LB_POLICY", "random");
    send_key("DELETE", "order-service/LB_POLICY", NULL);
    await_line(&orders, "msg=config_changed key=LB_POLICY value=round_robin was=random source=environment", 1);
    close_scene();
}

Test(order_config, log_level_changes_in_both_services)
{
    open_scene();
    change(&orders, "order-service/LOG_LEVEL", "debug");
    get_status(&orders, "/users/1", NULL);
    await_line(&orders, "level=debug msg=request", 1);
    change(&users[0], "user-service/LOG_LEVEL", "debug");
    await_line(&users[1], "msg=config_changed key=LOG_LEVEL value=debug", 1);
    close_scene();
}

/* The number of instances that order-service knows with this weight. */
struct weighed {
    int weight, count;
};

static bool is_weighed(void *arg)
{
    const struct weighed *want = arg;
    char url[SERVICE_URL_MAX], text[32];
    struct probe_reply reply = {0};
    int count = 0;
    snprintf(text, sizeof text, "\"weight\":%d,", want->weight);
    probe_get(NULL, service_url(&orders, "/discovery", url), &reply);
    for (const char *at = buf_text(&reply.body); (at = strstr(at, text)); at++)
        count++;
    probe_reply_close(&reply);
    return count == want->count;
}

static void await_weight(int weight, int count)
{
    char what[80];
    snprintf(what, sizeof what, "order-service knows %d instances of weight %d", count, weight);
    await(is_weighed, &(struct weighed){weight, count}, PATIENCE_MS, what);
}

/* The folder belongs to the service, so all its instances get the weight. */
Test(order_config, weight_of_all_instances_changes)
{
    open_scene();
    put_key("user-service/SERVICE_WEIGHT", "5");
    await_weight(5, USERS);
    put_key("user-service/SERVICE_WEIGHT", "0");
    await_line(&users[0], "msg=config_refused key=SERVICE_WEIGHT value=0 accepts=\"a whole number, 1 to 65535\"", 1);
    await_weight(5, USERS);
    close_scene();
}

Test(order_config, last_change_of_a_weight_wins)
{
    char line[CONTROL_LINE_MAX];
    open_scene();
    change(&users[0], "user-service/SERVICE_WEIGHT", "5");
    await_weight(5, USERS);
    cr_expect_eq(control_command(&world, &users[0], (const char *const[]){"--weight", "7", NULL}, line), 0, "%s", line);
    await_weight(7, 1);
    change(&users[0], "user-service/LOG_LEVEL", "debug"); /* the weight in Consul KV has not changed */
    await_weight(7, 1);
    change(&users[0], "user-service/SERVICE_WEIGHT", "6");
    await_weight(6, USERS);
    close_scene();
}

/* A hung instance holds a call for the whole timeout of its one attempt. */
Test(order_config, call_timeout_and_cache_ttl_change)
{
    int64_t took_ms;
    order_settings[0] = "CALL_ATTEMPTS=1";
    open_scene();
    change(&orders, "order-service/CALL_TIMEOUT", "200ms");
    change(&orders, "order-service/DISCOVERY_CACHE_TTL", "1s");
    for (int i = 0; i < USERS; i++)
        proc_pause(&users[i].proc);
    cr_expect_neq(get_status(&orders, "/users/1", &took_ms), 200);
    cr_expect_lt(took_ms, 8000, "%lld ms", (long long)took_ms);
    for (int i = 0; i < USERS; i++)
        proc_resume(&users[i].proc);
    server_pause(consul); /* with the former TTL of 30 s the source would stay consul's */
    await_reply(&orders, "/discovery", 200, "\"source\":\"cache\"");
    server_resume(consul);
    close_scene();
}

Test(order_config, outage_of_consul_changes_nothing)
{
    open_scene();
    change(&orders, "order-service/LB_POLICY", "random");
    server_stop(consul); /* a dev agent: it starts again without its keys */
    await_line(&orders, "msg=config_failed source=consul-kv", 1);
    start_server(consul);
    await_line(&orders, "msg=config_recovered source=consul-kv", 1);
    expect_no_change(&orders, 1);

    put_key("order-service/CALL_TIMEOUT", "4s"); /* a key that returns does not remove those that have not returned */
    await_line(&orders, "msg=config_changed key=CALL_TIMEOUT value=4s", 1);
    expect_no_change(&orders, 2);
    change(&orders, "order-service/LB_POLICY", "round_robin");
    send_key("DELETE", "order-service/LB_POLICY", NULL);
    await_line(&orders, "msg=config_changed key=LB_POLICY value=weighted was=round_robin source=environment", 1);
    close_scene();
}

/* A server with data on disk, as in production. */
Test(order_config, restart_of_consul_with_its_keys_changes_nothing)
{
    static char data[PLACE_PATH_MAX + 32];
    open_world();
    server_stop(consul);
    snprintf(data, sizeof data, "-data-dir=%s/kept", world.folder.path);
    consul->options[0] = "-server";
    consul->options[1] = "-bootstrap-expect=1";
    consul->options[2] = data;
    start_server(consul);
    start_all();
    change(&orders, "order-service/LB_POLICY", "random");
    server_stop(consul);
    await_line(&orders, "msg=config_failed source=consul-kv", 1);
    start_server(consul);
    await_line(&orders, "msg=config_recovered source=consul-kv", 1);
    expect_no_change(&orders, 1);
    /* A new leader may answer before it has read all of its data. Then a key that is gone may be one that Consul has
     * not read yet, and its value stays. So the keys must have been seen again. */
    change(&orders, "order-service/CALL_TIMEOUT", "4s");
    send_key("DELETE", "order-service/LB_POLICY", NULL);
    await_line(&orders, "msg=config_changed key=LB_POLICY value=weighted was=random source=environment", 1);
    close_scene();
}
