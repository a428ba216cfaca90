/* A Consul of three servers, with a client agent beside each service, loses its
 * leader, its majority, an agent; and no caller notices. Each test prints its
 * timeline: seconds since the fault, or since it ended. */
#include "scene.h"

#include "base/buf.h"
#include "harness/cluster.h"

TestSuite(outages_cluster, .timeout = 300);

enum {
    BESIDE_ORDERS = USERS,           /* which client agent: those before it are beside the user-services */
    BACK_AFTER_STOP_MS = 10000,      /* CONTRACT: in use again after a fault ends; and after a hang */
    BACK_AFTER_HANG_MS = 15000,
    ASK_MS = 1000,                   /* for one question to Consul, which holds it for 7 s while no server leads */
};

static struct cluster cluster;
static struct service newcomer;

/* --- The scene -------------------------------------------------------------------------- */

static char agent_setting[160];

/* Whoever starts next talks to this client agent. */
static void settle_beside(int client)
{
    snprintf(agent_setting, sizeof agent_setting, "CONSUL_HTTP_ADDR=%s", cluster.clients[client].url);
    user_settings[0] = order_settings[0] = agent_setting;
}

static void open_cluster(void)
{
    user_settings[1] = order_settings[1] = "RECONCILE_INTERVAL=5s"; /* as by default: it also caps the back-off */
    open_world();
    server_close(&world.consul);
    cr_assert_eq(cluster_start(&cluster, &world.folder, &err), 0, "%s", err.text);
    consul = &cluster.clients[BESIDE_ORDERS];
    for (int i = 0; i < USERS; i++) {
        settle_beside(i);
        start_user(i);
    }
    settle_beside(BESIDE_ORDERS);
    start_orders();
    cr_assert(wait_until(all_are_usable, NULL, PATIENCE_MS), "the scene does not come up");
    cr_assert(wait_until(consul_has_all, NULL, PATIENCE_MS), "the scene does not come up");
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
    settle_beside(0);
    start(&newcomer, "user-service", "user-service-4", 0, user_settings);
}

/* --- The timeline ------------------------------------------------------------------------- */

static int64_t began;
static struct buf timeline = BUF_INIT(8192); /* told in one piece, for tests run side by side */

static void tell(double seconds, const char *what, const char *remark)
{
    buf_addf(&timeline, "    measured: %5.1f s  %s%s\n", seconds, what, remark);
}

static void now_that(const char *what)
{
    began = clock_ms();
    tell(0, what, "");
}

/* Waits for it; limit_ms counts from now_that(). */
static void then(bool (*condition)(void *arg), void *arg, int64_t limit_ms, const char *what)
{
    bool came = wait_until(condition, arg, began + limit_ms - clock_ms());
    cr_expect(came, "not within %lld ms: %s", (long long)limit_ms, what);
    tell((double)(clock_ms() - began) / 1000, what, came ? "" : ": NOT SEEN");
}

static void end(struct load *load)
{
    struct load_count count;
    load_stop(load, &count);
    fputs(buf_text(&timeline), stderr);
    buf_close(&timeline);
    expect_no_failure(&count, "meanwhile");
}

/* --- Sight ------------------------------------------------------------------------------------ */

static int fewest = USERS;

/* Every look checks what must hold at any time: the list is whole, and from Consul or the cache. */
static void look(struct view *view)
{
    view_take(&orders, "user-service", view);
    cr_expect(view->count >= fewest, "the list shrank to %d", view->count);
    cr_expect(strcmp(view->source, "consul") == 0 || strcmp(view->source, "cache") == 0, "source %s", view->source);
}

static bool is_stale(void *arg)
{
    struct view view;
    (void)arg;
    look(&view);
    return strcmp(view.source, "cache") == 0;
}

/* Has Consul confirmed the list since now_that()? */
static bool is_confirmed(void *arg)
{
    struct view view;
    (void)arg;
    look(&view);
    return strcmp(view.source, "consul") == 0 && view.age_ms < clock_ms() - began && !*view.error;
}

static bool names(void *words)
{
    struct view view;
    look(&view);
    return strstr(view.error, words) != NULL;
}

static bool knows(void *id)
{
    struct view view;
    look(&view);
    const struct seen *seen = view_find(&view, id);
    return seen && strcmp(seen->status, "passing") == 0 && !seen->ejected;
}

static bool everybody_is_back(void *arg)
{
    struct view view;
    look(&view);
    return consul_has_all(arg) && view.usable == USERS;
}

/* --- What the cluster can do -------------------------------------------------------------------- */

/* A key put through the agent beside order-service: only a leader with a majority behind it can do that. */
static bool writes_work(void *arg)
{
    char url[256];
    struct probe_reply reply = {0};
    (void)arg;
    snprintf(url, sizeof url, "%s/v1/kv/lesson", consul->url);
    struct probe_request put = {.method = "PUT", .url = url, .body = "6", .timeout_ms = ASK_MS};
    bool work = probe_send(NULL, &put, &reply, &err) == 0 && reply.status == 200;
    probe_reply_close(&reply);
    return work;
}

static bool somebody_leads(void *arg)
{
    int *leader = arg;
    *leader = cluster_leader(&cluster);
    return *leader >= 0;
}

static int leader(void)
{
    int leader;
    cr_assert(wait_until(somebody_leads, &leader, PATIENCE_MS));
    return leader;
}

/* What this very server has on its disk, leader or not. */
static bool has_the_key(void *arg)
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

Test(outages_cluster, a_killed_leader_is_replaced_and_no_caller_notices, .init = open_cluster, .fini = close_cluster)
{
    struct load *load = load_orders(4, 50);
    cr_expect(wait_until(writes_work, NULL, PATIENCE_MS));
    struct server *killed = &cluster.servers[leader()];
    server_kill(killed);
    now_that("the leader is killed with -9");
    start_newcomer();
    then(writes_work, NULL, PATIENCE_MS, "writes work again: another one leads");
    int64_t election = clock_ms() - began;
    then(is_confirmed, NULL, election + BACK_AFTER_STOP_MS, "order-service's list is confirmed by Consul again");
    then(knows, "user-service-4", election + PATIENCE_MS, "an instance that started meanwhile is known and passing");
    start_server(killed);
    then(has_the_key, killed, PATIENCE_MS * 2, "the killed one is started again and has all data");
    end(load);
}

Test(outages_cluster, a_lost_majority_costs_no_call_and_what_was_registered_is_still_there_when_it_is_regained,
     .init = open_cluster, .fini = close_cluster)
{
    struct load *load = load_orders(4, 50);
    int lost[2] = {leader()};
    lost[1] = (lost[0] + 1) % CLUSTER_SERVERS;
    for (int i = 0; i < 2; i++)
        server_kill(&cluster.servers[lost[i]]);
    now_that("two of three servers are killed, the leader among them");
    start_newcomer();
    then(names, "no leader", PATIENCE_MS, "/discovery names it: no leader");
    await_reply(&orders, "/metrics", 200, "registry_leader_known{registry=\"consul\"} 0"); /* for the alert */
    then(is_stale, NULL, PATIENCE_MS, "the list is stale, calls go on with it");
    cr_expect_not(writes_work(NULL), "a minority took a write");

    start_server(&cluster.servers[lost[0]]);
    now_that("one of the two runs again, and there is a leader");
    then(is_confirmed, NULL, BACK_AFTER_STOP_MS, "order-service's list is confirmed by Consul again");
    then(writes_work, NULL, PATIENCE_MS, "writes work again");
    then(knows, "user-service-4", PATIENCE_MS, "an instance that started meanwhile is known and passing");
    cr_expect_eq(service_stop(&newcomer), 0);
    then(everybody_is_back, NULL, PATIENCE_MS, "it has left, all others are passing");
    start_server(&cluster.servers[lost[1]]);
    await_reply(&orders, "/metrics", 200, "registry_leader_known{registry=\"consul\"} 1"); /* all is well */
    end(load);
}

Test(outages_cluster, a_leader_that_hangs_is_replaced_and_steps_down_when_it_goes_on, .init = open_cluster,
     .fini = close_cluster)
{
    struct load *load = load_orders(4, 50);
    struct server *hung = &cluster.servers[leader()];
    server_pause(hung);
    now_that("the leader hangs (SIGSTOP): nobody hears of it, as if a cable were pulled");
    then(writes_work, NULL, PATIENCE_MS, "writes work again: another one leads");
    then(is_confirmed, NULL, PATIENCE_MS, "order-service's list is confirmed by Consul again");

    server_resume(hung);
    now_that("it goes on (SIGCONT), and still takes itself for the leader");
    then(has_the_key, hung, PATIENCE_MS, "it has the key that was written without it");
    then(is_confirmed, NULL, BACK_AFTER_HANG_MS, "order-service's list is confirmed by Consul again");
    then(writes_work, NULL, PATIENCE_MS, "writes work");
    then(everybody_is_back, NULL, PATIENCE_MS, "all are passing");
    end(load);
}

static bool is_critical(void *id)
{
    struct view view;
    look(&view);
    const struct seen *seen = view_find(&view, id);
    return seen && strcmp(seen->status, "critical") == 0;
}

/* The others have given up a node: not only has a service's own check turned critical there, as each does for a
 * moment when its agent starts again. */
static bool a_node_is_missed(void *arg)
{
    char url[256];
    (void)arg;
    snprintf(url, sizeof url, "%s/v1/health/state/critical", consul->url);
    struct probe_reply reply = {0};
    bool is = probe_get(NULL, url, &reply) == 200 && strstr(buf_text(&reply.body), "\"serfHealth\"");
    probe_reply_close(&reply);
    return is;
}

static void forget(const struct server *agent)
{
    char data[PLACE_PATH_MAX + 8];
    snprintf(data, sizeof data, "%s/data", agent->folder);
    const char *const argv[] = {"rm", "-r", data, NULL};
    cr_assert_eq(proc_run(argv, NULL, "/dev/null", PATIENCE_MS, &err), 0, "%s", err.text);
}

/* Does the agent itself know it, whatever the servers think? */
static bool agent_has_user_1(void *arg)
{
    char url[256];
    (void)arg;
    snprintf(url, sizeof url, "%s/v1/agent/service/user-service-1", cluster.clients[0].url);
    return probe_get(NULL, url, NULL) == 200;
}

Test(outages_cluster, a_client_agent_takes_only_its_own_service_out_of_sight_and_brings_it_back, .init = open_cluster,
     .fini = close_cluster)
{
    struct load *load = load_orders(4, 50);
    server_kill(&cluster.clients[0]);
    now_that("the agent beside user-service-1 is killed with -9; the service itself lives");
    then(is_critical, "user-service-1", PATIENCE_MS, "the others' agents notice: its node is critical for all callers");
    start_server(&cluster.clients[0]);
    now_that("the agent runs again");
    then(knows, "user-service-1", PATIENCE_MS, "user-service-1 is passing for order-service, behind another agent");

    server_kill(&cluster.clients[0]);
    now_that("the agent is killed again, and its disk is lost with all that it knew");
    then(a_node_is_missed, NULL, PATIENCE_MS, "the others' agents notice");
    then(is_critical, "user-service-1", PATIENCE_MS, "and so does order-service");
    forget(&cluster.clients[0]); /* its own id too: until it is missed, its name would be refused to another id */
    fewest = USERS - 1;          /* that it knows nobody is what it tells the servers first */
    start_server(&cluster.clients[0]);
    now_that("the agent runs again, and knows nobody");
    then(agent_has_user_1, NULL, PATIENCE_MS, "user-service-1 has registered again");
    then(knows, "user-service-1", PATIENCE_MS, "user-service-1 is passing for order-service, behind another agent");
    then(everybody_is_back, NULL, PATIENCE_MS, "all are passing");
    end(load);
}

Test(outages_cluster, order_service_calls_on_without_its_own_agent_and_uses_it_again_within_10_s,
     .init = open_cluster, .fini = close_cluster)
{
    struct load *load = load_orders(4, 50);
    server_kill(&cluster.clients[BESIDE_ORDERS]);
    now_that("the agent beside order-service is killed with -9");
    then(names, "refused", PATIENCE_MS, "/discovery names it: connection refused");
    then(is_stale, NULL, PATIENCE_MS, "the list is stale, calls go on with it");
    start_server(&cluster.clients[BESIDE_ORDERS]);
    now_that("the agent runs again");
    then(is_confirmed, NULL, BACK_AFTER_STOP_MS, "order-service's list is confirmed by Consul again");
    then(everybody_is_back, NULL, PATIENCE_MS, "all are passing, order-service too");
    end(load);
}
