/* order-service with a real Consul in which several nodes list the same service id, as
 * after an instance has moved: Consul's ids are unique only on one node. */
#include "service/tests/consul_case.h"
#include "service/tests/http_case.h"
#include "service/tests/service_case.h"

TestSuite(order_nodes, .timeout = 300);

enum { NODES = 3 };

static struct world world;
static struct service users[NODES], orders;

/* The instances register under other names: the test writes the entries that are called. */
static void setup(void)
{
    struct err err = ERR_INIT;
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    /* A new leader lists itself, and then removes, once, each node with this check that has no agent. */
    cr_assert(await_consul(&world.consul, "/v1/health/state/passing", "\"CheckID\":\"serfHealth\""));
    for (int i = 0; i < NODES; i++)
        start_service(&users[i], &world, "user-service", (const char *[]){"SERVICE_NAME=elsewhere", NULL});
}

static void teardown(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    for (int i = 0; i < NODES; i++)
        cr_expect_eq(service_stop(&users[i]), 0);
    world_stop(&world);
}

/* As the agent of this node does it. serf: the status of the node's own check. */
static void list_at_node(const char *node, int port, const char *serf)
{
    char url[256], body[1024];
    struct err err = ERR_INIT;
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v1/catalog/register", world.consul.url);
    snprintf(body, sizeof body,
             "{\"Node\":\"%s\",\"Address\":\"127.0.0.1\",\"Service\":{\"ID\":\"mv-1\",\"Service\":\"user-service\","
             "\"Address\":\"127.0.0.1\",\"Port\":%d},\"Check\":{\"Node\":\"%s\",\"CheckID\":\"serfHealth\","
             "\"Name\":\"Serf Health Status\",\"Status\":\"%s\"}}",
             node, port, node, serf);
    const struct probe_request request = {.method = "PUT", .url = url, .body = body};
    cr_assert_eq(probe_send(NULL, &request, &reply, &err), 0, "%s", err.text);
    cr_assert_eq(reply.status, 200, "%s", buf_text(&reply.body));
    probe_reply_close(&reply);
}

/* Starts order-service with this policy, and sends it calls; each must succeed. */
static void call_all(const char *policy, int calls)
{
    start_service(&orders, &world, "order-service", (const char *[]){policy, "CALL_TIMEOUT=30s", NULL});
    cr_assert(await_status(&orders, "/users/1", 200));
    for (int i = 1; i <= calls; i++) {
        char path[32];
        snprintf(path, sizeof path, "/users/%d", i);
        EXPECT_CASES(&orders, {path, 200, .header = "X-Upstream: mv-1"});
    }
}

Test(order_nodes, dead_entry_at_another_node_gets_no_call, .fini = teardown)
{
    setup();
    list_at_node("a-dead", 1, "critical"); /* no process listens on ports 1 and 2 */
    list_at_node("m-alive", users[0].port, "passing");
    list_at_node("z-dead", 2, "critical");
    call_all("LB_POLICY=weighted", 20);
    char *text = body_of(&orders, "/discovery");
    const char *first = strstr(text, "\"id\":\"mv-1\",\"address\":\"127.0.0.1\",\"port\":1,"), *alive = strstr(text, "passing");
    cr_expect(first && alive && first < alive, "in order of id and node: %s", text);
    free(text);
    text = body_of(&orders, "/discovery/explain?service=user-service");
    cr_expect(strstr(text, "\"instance\":\"mv-1\""), "%s", text);
    cr_expect(strstr(text, "{\"id\":\"mv-1\",\"reason\":\"its node is down"), "%s", text);
    free(text);
}

static int64_t value_of(const char **text, const char *name)
{
    const char *at = strstr(*text, name);
    return at ? atoll(*text = at + strlen(name)) : -1;
}

Test(order_nodes, living_nodes_of_one_id_share_the_calls, .fini = teardown)
{
    static const char *const names[NODES] = {"n-3", "n-1", "n-2"};
    setup();
    for (int i = 0; i < NODES; i++)
        list_at_node(names[i], users[i].port, "passing");
    call_all("LB_POLICY=consistent_hash", 60);
    char *text = body_of(&orders, "/discovery");
    const char *rest = text;
    for (int i = 0; i < NODES; i++)
        cr_expect_gt(value_of(&rest, "\"picks\":"), 3, "%s", text);
    free(text);
}
