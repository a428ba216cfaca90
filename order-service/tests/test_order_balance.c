/* Which instance order-service picks, with a real Consul: where several callers begin, how many
 * calls stay in the caller's zone, and which instance a retry goes to.
 *
 * One user-service serves all calls. The other instances are entries of a node without an
 * agent, at its port or at a closed one, so that one request can drop them all. */
#include "harness/view.h"
#include "service/tests/service_case.h"

TestSuite(order_balance, .timeout = 300);

enum { PATIENCE_MS = 60000, CALLERS = 6 };

static struct world world;
static struct service users, orders[CALLERS];
static struct port closed;
static struct err err;

static const char *const policies[] = {"weighted", "round_robin", "random", "consistent_hash", "least_request"};
enum { POLICIES = sizeof policies / sizeof *policies };

static void put(const char *path, const char *body)
{
    char url[300];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s%s", world.consul.url, path);
    const struct probe_request request = {.method = "PUT", .url = url, .body = body};
    cr_assert_eq(probe_send(NULL, &request, &reply, &err), 0, "%s", err.text);
    cr_assert_eq(reply.status, 200, "%s: %s", body, buf_text(&reply.body));
    probe_reply_close(&reply);
}

static void add_entry(const char *id, int port, const char *zone)
{
    char body[400];
    snprintf(body, sizeof body,
             "{\"Node\":\"elsewhere\",\"Address\":\"127.0.0.1\",\"SkipNodeUpdate\":false,\"Service\":{\"ID\":\"%s\","
             "\"Service\":\"user-service\",\"Address\":\"127.0.0.1\",\"Port\":%d,\"Meta\":{\"zone\":\"%s\"}}}",
             id, port, zone);
    put("/v1/catalog/register", body);
}

static bool living_passes(void *arg)
{
    (void)arg;
    return consul_has(&world.consul, "user-service", "living", true);
}

static void open_world(const char *zone)
{
    char setting[64];
    snprintf(setting, sizeof setting, "SERVICE_ZONE=%s", zone);
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    cr_assert_eq(port_take(&closed, &err), 0, "%s", err.text);
    start_service(&users, &world, "user-service", (const char *[]){"SERVICE_ID=living", setting, "HEALTH_TIMEOUT=20s",
                  "CHECK_TIMEOUT=30s", NULL});
    cr_assert(wait_until(living_passes, NULL, PATIENCE_MS));
}

static void close_world(void)
{
    for (int i = 0; i < CALLERS; i++)
        if (orders[i].port)
            cr_expect_eq(service_stop(&orders[i]), 0);
    service_stop(&users);
    world_stop(&world);
    port_release(&closed);
}

static int occurrences(const char *text, const char *part)
{
    int count = 0;
    while ((text = strstr(text, part))) {
        count++;
        text += strlen(part);
    }
    return count;
}

/* A condition: order-service `caller` knows so many instances that pass, and so many missing ones. */
struct known {
    int caller, passing, missing;
};

static bool is_known(void *arg)
{
    const struct known *known = arg;
    char *text = body_of(&orders[known->caller], "/discovery");
    bool is = occurrences(text, "\"status\":\"passing\"") == known->passing &&
              occurrences(text, "\"status\":\"missing\"") == known->missing;
    free(text);
    return is;
}

/* Returns when it knows `count` instances, all passing, before its first call. */
static void start_caller(int i, const char *policy, const char *const settings[2], int count)
{
    char id[32], lb_policy[48];
    snprintf(id, sizeof id, "SERVICE_ID=orders-%d", i);
    snprintf(lb_policy, sizeof lb_policy, "LB_POLICY=%s", policy);
    start_service(&orders[i], &world, "order-service",
                  (const char *[]){id, lb_policy, "CALL_TIMEOUT=30s", settings[0], settings[1], NULL});
    cr_assert(wait_until(is_known, &(struct known){i, count, 0}, PATIENCE_MS), "%s", id);
}

/* The instance that explain names, and whether the next call goes to it. */
static void first_pick(int caller, char out[32])
{
    char *text = body_of(&orders[caller], "/discovery/explain?service=user-service&key=1");
    const char *instance = strstr(text, "\"instance\":\"");
    struct called called;
    cr_assert(instance, "%s", text);
    snprintf(out, 32, "%.*s", (int)strcspn(instance + 12, "\""), instance + 12);
    free(text);
    view_call(NULL, &orders[caller], 1, &called);
    cr_expect_str_eq(called.upstream, out);
}

static void expect_different_beginnings(const char *policy)
{
    char first[32], picked[32];
    bool all_alike = true;
    for (int i = 0; i < CALLERS; i++)
        start_caller(i, policy, (const char *const[]){NULL, NULL}, 3);
    for (int i = 0; i < CALLERS; i++) {
        first_pick(i, picked);
        if (i == 0)
            snprintf(first, sizeof first, "%s", picked);
        all_alike &= strcmp(first, picked) == 0;
    }
    cr_expect(!all_alike, "%s: all %d callers begin with %s", policy, CALLERS, first);
    for (int i = 0; i < CALLERS; i++) {
        cr_expect_eq(service_stop(&orders[i]), 0);
        orders[i].port = 0;
    }
}

Test(order_balance, callers_begin_with_different_instances, .fini = close_world)
{
    open_world("");
    add_entry("second", users.port, "");
    add_entry("third", users.port, "");
    expect_different_beginnings("round_robin");
    expect_different_beginnings("weighted");
}

/* Ten equal instances, one of them in the caller's zone: 20 % of the calls stay. */
Test(order_balance, lone_near_instance_gets_a_fifth_of_calls, .fini = close_world)
{
    open_world("z2");
    add_entry("near", users.port, "z1");
    for (int i = 2; i < 10; i++)
        add_entry((char[]){'f', 'a', 'r', '-', (char)('0' + i), '\0'}, users.port, "z2");
    for (int i = 0; i < POLICIES; i++) {
        struct called called;
        int near = 0, off = i == 3 ? 9 : 1; /* consistent_hash: the keys decide */
        start_caller(i, policies[i], (const char *const[]){"SERVICE_ZONE=z1", NULL}, 10);
        for (int call = 1; call <= 60; call++) {
            view_call(NULL, &orders[i], call, &called);
            cr_expect_eq(called.status, 200);
            near += strcmp(called.upstream, "near") == 0;
        }
        cr_expect(near >= 12 - off && near <= 12 + off, "%s: %d of 60", policies[i], near);
        char *text = body_of(&orders[i], "/discovery/explain?service=user-service&key=1");
        cr_expect(strstr(text, "20 % of the calls stay in the caller's zone z1 (weight 1 of 10, zones: 2)"), "%s", text);
        free(text);
    }
}

/* The first call of this caller that goes to `near`; 0: none of five does. */
static int first_near_call(int caller)
{
    struct called called;
    for (int call = 1; call <= 5; call++) {
        view_call(NULL, &orders[caller], call, &called);
        if (strcmp(called.upstream, "near") == 0)
            return call;
    }
    return 0;
}

Test(order_balance, callers_reach_a_lone_near_instance_apart, .fini = close_world)
{
    open_world("z2");
    add_entry("near", users.port, "z1");
    for (int i = 2; i < 10; i++)
        add_entry((char[]){'f', 'a', 'r', '-', (char)('0' + i), '\0'}, users.port, "z2");
    bool all_alike = true;
    int first = 0;
    for (int i = 0; i < CALLERS; i++) {
        start_caller(i, "weighted", (const char *const[]){"SERVICE_ZONE=z1", NULL}, 10);
        int call = first_near_call(i);
        cr_expect_gt(call, 0, "one of five calls stays near");
        all_alike &= i == 0 || call == first;
        first = call;
    }
    cr_expect(!all_alike, "each caller's call %d goes to the lone instance", first);
}

/* A reply drops three of four entries, which are dead. No GET may spend all its attempts on them. */
Test(order_balance, retry_leaves_missing_instances_for_a_listed_one, .fini = close_world)
{
    open_world("");
    for (int i = 1; i <= 3; i++)
        add_entry((char[]){'d', 'e', 'a', 'd', (char)('0' + i), '\0'}, closed.number, "");
    for (int i = 0; i < POLICIES; i++)
        start_caller(i, policies[i], (const char *const[]){"CALL_ATTEMPTS=2", NULL}, 4);
    put("/v1/catalog/deregister", "{\"Node\":\"elsewhere\"}");
    for (int i = 0; i < POLICIES; i++) {
        cr_assert(wait_until(is_known, &(struct known){i, 1, 3}, PATIENCE_MS), "%s", policies[i]);
        for (int call = 1; call <= 12; call++) {
            struct called called;
            view_call(NULL, &orders[i], call, &called);
            cr_expect(called.status == 200 && strcmp(called.upstream, "living") == 0, "%s: call %d: %d from %s",
                      policies[i], call, called.status, called.upstream);
        }
    }
}

static bool budget_is_spent(void)
{
    struct called called;
    view_call(NULL, &orders[0], 1, &called);
    char *text = body_of(&orders[0], "/metrics");
    bool is = strstr(text, "\nservice_call_retry_budget{service=\"user-service\"} 0\n") != NULL;
    free(text);
    return is;
}

/* Many calls at once may need more of these retries than the budget has: so they do not count. Here dead entries that
 * are still listed spend it before. */
Test(order_balance, vanished_fleet_needs_no_retry_budget, .fini = close_world)
{
    open_world("");
    for (int i = 1; i <= 8; i++)
        add_entry((char[]){'d', 'e', 'a', 'd', (char)('0' + i), '\0'}, closed.number, "");
    start_caller(0, "weighted", (const char *const[]){"CALL_ATTEMPTS=2", NULL}, 9);
    for (int i = 0; i < 1000 && !budget_is_spent(); i++)
        ;
    put("/v1/catalog/deregister", "{\"Node\":\"elsewhere\"}");
    cr_assert(wait_until(is_known, &(struct known){0, 1, 8}, PATIENCE_MS));
    for (int call = 1; call <= 12; call++) {
        struct called called;
        view_call(NULL, &orders[0], call, &called);
        cr_expect(called.status == 200 && strcmp(called.upstream, "living") == 0, "call %d: %d from %s", call,
                  called.status, called.upstream);
    }
}
