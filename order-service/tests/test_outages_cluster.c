/* A cluster of three Consul servers, with a client agent beside each service. It loses
 * its leader, its quorum or an agent, and no call fails. Each test prints its timeline:
 * seconds since the fault began or ended. */
#include "scene.h"
#include "scene_requests.h"

#include "base/buf.h"
#include "harness/cluster.h"

TestSuite(outages_cluster, .timeout = 300);

enum {
    BESIDE_ORDERS = USERS,      /* index of order-service's client agent, after those of the user-services */
    BUSY_MS = 20000, /* what a busy machine may take longer */
    BACK_AFTER_STOP_MS = 10000 + BUSY_MS, /* docs/reference.md: in use again after a fault ends; the next one: after a hang */
    BACK_AFTER_HANG_MS = 15000 + BUSY_MS,
    QUERY_TIMEOUT_MS = 1000, /* for a query to Consul; without a leader Consul holds it for 7 s */
};

static struct cluster cluster;
static struct service newcomer;

/* --- The scene -------------------------------------------------------------------------- */

static char agent_setting[160];

/* The services that start after this use this client agent. */
static void use_agent(int client)
{
    snprintf(agent_setting, sizeof agent_setting, "CONSUL_HTTP_ADDR=%s", cluster.clients[client].url);
    user_settings[0] = order_settings[0] = agent_setting;
}

static void open_cluster(void)
{
    user_settings[1] = order_settings[1] = "RECONCILE_INTERVAL=5s"; /* the default; it also caps the backoff */
    open_world();
    server_close(&world.consul);
    cr_assert_eq(cluster_start(&cluster, &world.folder, &err), 0, "%s", err.text);
    consul = &cluster.clients[BESIDE_ORDERS];
    for (int i = 0; i < USERS; i++) {
        use_agent(i);
        start_user(i);
    }
    use_agent(BESIDE_ORDERS);
    start_orders();
    cr_assert(wait_until(all_are_usable, NULL, PATIENCE_MS), "the services do not start");
    cr_assert(wait_until(consul_has_all, NULL, PATIENCE_MS), "the services do not start");
}

static void close_cluster(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    for (int i = 0; i < USERS; i++)
        cr_expect_eq(service_stop(&users[i]), 0, "%s", user_id(i));
    if (newcomer.proc.pid)
        cr_expect_eq(service_stop(&newcomer), 0, "the newcomer");
    cluster_stop(&cluster);
    close_world();
}

static void start_newcomer(void)
{
    use_agent(0);
    start(&newcomer, "user-service", "user-service-4", 0, user_settings);
}

/* --- The timeline ------------------------------------------------------------------------- */

static int64_t began;
static struct buf timeline = BUF_INIT(8192); /* printed at once, because tests run in parallel */

static void add_line(double seconds, const char *what, const char *remark)
{
    buf_addf(&timeline, "    measured: %5.1f s  %s%s\n", seconds, what, remark);
}

static void begin_phase(const char *what)
{
    began = clock_ms();
    add_line(0, what, "");
}

/* Waits for the condition; limit_ms counts from begin_phase(). */
static void await_in_phase(bool (*condition)(void *arg), void *arg, int64_t limit_ms, const char *what)
{
    bool came = wait_until(condition, arg, began + limit_ms - clock_ms());
    cr_expect(came, "not within %lld ms: %s", (long long)limit_ms, what);
    add_line((double)(clock_ms() - began) / 1000, what, came ? "" : ": NOT SEEN");
}

static void end_load(struct load *load)
{
    struct load_count count;
    load_stop(load, &count);
    fputs(buf_text(&timeline), stderr);
    buf_close(&timeline);
    expect_no_failure(&count, "meanwhile");
}

/* --- What order-service knows ------------------------------------------------------------------- */

static int fewest = USERS;

/* Each view checks what must hold at any time: the list is whole, and from Consul or the cache. */
static void read_view(struct view *view)
{
    view_take(&orders, "user-service", view);
    cr_expect(view->count >= fewest, "the list shrank to %d", view->count);
    cr_expect(strcmp(view->source, "consul") == 0 || strcmp(view->source, "cache") == 0, "source %s", view->source);
}

static bool is_stale(void *arg)
{
    struct view view;
    (void)arg;
    read_view(&view);
    return strcmp(view.source, "cache") == 0;
}

/* True if Consul has confirmed the list since begin_phase(). */
static bool is_confirmed(void *arg)
{
    struct view view;
    (void)arg;
    read_view(&view);
    return strcmp(view.source, "consul") == 0 && view.age_ms < clock_ms() - began && !*view.error;
}

static bool error_contains(void *words)
{
    struct view view;
    read_view(&view);
    return strstr(view.error, words) != NULL;
}

static bool is_passing(void *id)
{
    struct view view;
    read_view(&view);
    const struct seen *seen = view_find(&view, id);
    return seen && strcmp(seen->status, "passing") == 0 && !seen->ejected;
}

static bool all_are_back(void *arg)
{
    struct view view;
    read_view(&view);
    return consul_has_all(arg) && view.usable == USERS;
}

/* --- What the cluster can do -------------------------------------------------------------------- */

/* Writes a key through order-service's agent: this needs a leader and a quorum. */
static bool writes_work(void *arg)
{
    char url[256];
    struct probe_reply reply = {0};
    (void)arg;
    snprintf(url, sizeof url, "%s/v1/kv/lesson", consul->url);
    struct probe_request put = {.method = "PUT", .url = url, .body = "6", .timeout_ms = QUERY_TIMEOUT_MS};
    bool work = probe_send(NULL, &put, &reply, &err) == 0 && reply.status == 200;
    probe_reply_close(&reply);
    return work;
}

static int leader(void)
{
    int leader = cluster_await_leader(&cluster, PATIENCE_MS);
    cr_assert_geq(leader, 0);
    return leader;
}

/* True if this server itself has the key, whether or not it is the leader. */
static bool has_test_key(void *arg)
{
    const struct server *server = arg;
    char url[256];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v1/kv/lesson?raw&stale", server->url);
    bool has = probe_get(NULL, url, &reply) == 200 && strcmp(buf_text(&reply.body), "6") == 0;
    probe_reply_close(&reply);
    return has;
}

/* --- The tests -------------------------------------------------------------------------- */

Test(outages_cluster, killed_leader_is_replaced_and_no_call_fails, .init = open_cluster, .fini = close_cluster)
{
    struct load *load = load_orders(4, 50);
    cr_expect(wait_until(writes_work, NULL, PATIENCE_MS));
    struct server *killed = &cluster.servers[leader()];
    server_kill(killed);
    begin_phase("the leader is killed (SIGKILL)");
    start_newcomer();
    await_in_phase(writes_work, NULL, PATIENCE_MS, "writes work again: there is a new leader");
    int64_t election = clock_ms() - began;
    await_in_phase(is_confirmed, NULL, election + BACK_AFTER_STOP_MS,
                   "order-service's list is confirmed by Consul again");
    await_in_phase(is_passing, "user-service-4", election + PATIENCE_MS,
                   "an instance that started meanwhile is known and passing");
    start_server(killed);
    await_in_phase(has_test_key, killed, PATIENCE_MS * 2, "the killed server is started again and has all data");
    end_load(load);
}

Test(outages_cluster, lost_quorum_fails_no_call_and_loses_no_instance,
     .init = open_cluster, .fini = close_cluster)
{
    struct load *load = load_orders(4, 50);
    int lost[2] = {leader()};
    lost[1] = (lost[0] + 1) % CLUSTER_SERVERS;
    for (int i = 0; i < 2; i++)
        server_kill(&cluster.servers[lost[i]]);
    begin_phase("two of three servers are killed, the leader among them");
    start_newcomer();
    await_in_phase(error_contains, "no leader", PATIENCE_MS, "/discovery reports: no leader");
    await_reply(&orders, "/metrics", 200, "registry_leader_known{registry=\"consul\"} 0"); /* for the alert */
    await_in_phase(is_stale, NULL, PATIENCE_MS, "the list is stale and still used for calls");
    cr_expect_not(writes_work(NULL), "a minority accepted a write");

    start_server(&cluster.servers[lost[0]]);
    begin_phase("one of the two is started again: there is a quorum");
    await_in_phase(is_confirmed, NULL, BACK_AFTER_STOP_MS, "order-service's list is confirmed by Consul again");
    await_in_phase(writes_work, NULL, PATIENCE_MS, "writes work again");
    await_in_phase(is_passing, "user-service-4", PATIENCE_MS,
                   "an instance that started meanwhile is known and passing");
    cr_expect_eq(service_stop(&newcomer), 0);
    await_in_phase(all_are_back, NULL, PATIENCE_MS, "it has deregistered, all others are passing");
    start_server(&cluster.servers[lost[1]]);
    await_reply(&orders, "/metrics", 200, "registry_leader_known{registry=\"consul\"} 1");
    end_load(load);
}

Test(outages_cluster, hung_leader_is_replaced_and_steps_down_later, .init = open_cluster,
     .fini = close_cluster)
{
    struct load *load = load_orders(4, 50);
    struct server *hung = &cluster.servers[leader()];
    server_pause(hung);
    begin_phase("the leader hangs (SIGSTOP): unreachable, as if its network cable were pulled");
    await_in_phase(writes_work, NULL, PATIENCE_MS, "writes work again: there is a new leader");
    await_in_phase(is_confirmed, NULL, PATIENCE_MS, "order-service's list is confirmed by Consul again");

    server_resume(hung);
    begin_phase("the old leader continues (SIGCONT), and still believes that it leads");
    await_in_phase(has_test_key, hung, PATIENCE_MS, "it has the key that was written meanwhile");
    await_in_phase(is_confirmed, NULL, BACK_AFTER_HANG_MS, "order-service's list is confirmed by Consul again");
    await_in_phase(writes_work, NULL, PATIENCE_MS, "writes work");
    await_in_phase(all_are_back, NULL, PATIENCE_MS, "all are passing");
    end_load(load);
}

static bool is_critical(void *id)
{
    struct view view;
    read_view(&view);
    const struct seen *seen = view_find(&view, id);
    return seen && strcmp(seen->status, "critical") == 0;
}

/* The other agents report a node as failed (serfHealth). A critical check of a service would not be enough: each is
 * critical for a moment when its agent starts again. */
static bool node_is_reported_failed(void *arg)
{
    char url[256];
    (void)arg;
    snprintf(url, sizeof url, "%s/v1/health/state/critical", consul->url);
    struct probe_reply reply = {0};
    bool is = probe_get(NULL, url, &reply) == 200 && strstr(buf_text(&reply.body), "\"serfHealth\"");
    probe_reply_close(&reply);
    return is;
}

static void remove_data(const struct server *agent)
{
    char data[PLACE_PATH_MAX + 8];
    snprintf(data, sizeof data, "%s/data", agent->folder);
    const char *const argv[] = {"rm", "-r", data, NULL};
    cr_assert_eq(proc_run(argv, NULL, "/dev/null", PATIENCE_MS, &err), 0, "%s", err.text);
}

/* True if the agent itself has the service, whether or not the servers do. */
static bool agent_has_user_1(void *arg)
{
    char url[256];
    (void)arg;
    snprintf(url, sizeof url, "%s/v1/agent/service/user-service-1", cluster.clients[0].url);
    return probe_get(NULL, url, NULL) == 200;
}

Test(outages_cluster, client_agent_outage_hides_only_its_own_service, .init = open_cluster,
     .fini = close_cluster)
{
    struct load *load = load_orders(4, 50);
    server_kill(&cluster.clients[0]);
    begin_phase("user-service-1's agent is killed (SIGKILL); the service itself runs");
    await_in_phase(is_critical, "user-service-1", PATIENCE_MS,
                   "the other agents report its node: critical for all callers");
    start_server(&cluster.clients[0]);
    begin_phase("the agent is started again");
    await_in_phase(is_passing, "user-service-1", PATIENCE_MS,
                   "user-service-1 is passing for order-service, behind another agent");

    server_kill(&cluster.clients[0]);
    begin_phase("the agent is killed again, and its data is lost");
    await_in_phase(node_is_reported_failed, NULL, PATIENCE_MS, "the other agents report its node as failed");
    await_in_phase(is_critical, "user-service-1", PATIENCE_MS, "user-service-1 is critical for order-service");
    /* Its node id is lost too. Until the node is reported as failed, Consul rejects its name with another id. */
    remove_data(&cluster.clients[0]);
    fewest = USERS - 1; /* the agent first reports to the servers that it has no service */
    start_server(&cluster.clients[0]);
    begin_phase("the agent is started again, without data");
    await_in_phase(agent_has_user_1, NULL, PATIENCE_MS, "user-service-1 has registered again");
    await_in_phase(is_passing, "user-service-1", PATIENCE_MS,
                   "user-service-1 is passing for order-service, behind another agent");
    await_in_phase(all_are_back, NULL, PATIENCE_MS, "all are passing");
    end_load(load);
}

Test(outages_cluster, calls_continue_while_own_agent_is_down,
     .init = open_cluster, .fini = close_cluster)
{
    struct load *load = load_orders(4, 50);
    server_kill(&cluster.clients[BESIDE_ORDERS]);
    begin_phase("order-service's own agent is killed (SIGKILL)");
    await_in_phase(error_contains, "refused", PATIENCE_MS, "/discovery reports: connection refused");
    await_in_phase(is_stale, NULL, PATIENCE_MS, "the list is stale and still used for calls");
    start_server(&cluster.clients[BESIDE_ORDERS]);
    begin_phase("the agent is started again");
    await_in_phase(is_confirmed, NULL, BACK_AFTER_STOP_MS, "order-service's list is confirmed by Consul again");
    await_in_phase(all_are_back, NULL, PATIENCE_MS, "all are passing, order-service too");
    end_load(load);
}
