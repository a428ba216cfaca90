/* An operator changes instances that run, by one command each: weight and maintenance. On real servers, with a caller
 * that reads Consul, and one that reads etcd.
 */
#include "etcd_scene.h"
#include "scene_requests.h"
#include "service/tests/control_case.h"

TestSuite(order_control, .timeout = 300);

enum { FOLLOW_MS = 500 }; /* the promise is checked with a machine that is not busy: see expect_soon() */

static bool reads_etcd;

/* With a check of TCP, its output does not change; with that of /health, consul-dev/run-consul makes each output a change
 * of the list, and order-service asks at most twice a second. */
static void open_control(void)
{
    user_settings[1] = "SERVICE_CHECK=tcp";
    user_settings[2] = "CHECK_INTERVAL=3s"; /* so that a lease in etcd outlives a machine that stalls */
    order_settings[1] = reads_etcd ? "REGISTRIES=etcd" : "REGISTRIES=consul";
    open_etcd_world();
    for (int i = 0; i < USERS; i++)
        start_user(i);
    start_orders();
    cr_assert(wait_until(all_are_usable, NULL, PATIENCE_MS), "the services do not start");
    cr_assert(wait_until(etcd_has, &(int){USERS + (reads_etcd ? 1 : 0)}, PATIENCE_MS), "the services do not start");
    for (int i = 0; i < USERS; i++)
        await_reply(&users[i], "/metrics", 200, "registration_registered{registry=\"consul\"} 1");
}

static void open_control_etcd(void)
{
    reads_etcd = true;
    open_control();
}

static bool registries_are_current(void *arg)
{
    (void)arg;
    return !replies(&users[0], "/control", 200, "pending");
}

/* The reply waits a second for the registries. If the machine stalls for longer, the line says "not yet". */
static void expect_command(const char *const args[3], const char *shown)
{
    char line[CONTROL_LINE_MAX];
    cr_expect_eq(control_command(&world, &users[0], args, line), 0, "%s", line);
    if (!strstr(line, "not yet in ") || strstr(shown, "not yet in ")) {
        cr_expect_str_eq(line, shown);
        return;
    }
    cr_expect_eq(strncmp(line, shown, (size_t)(strstr(shown, "; callers see it in ") - shown)), 0, "%s", line);
    await(registries_are_current, NULL, PATIENCE_MS, "the registries have it, on a machine that stalls, after");
}

#define COMMAND(shown, ...) expect_command((const char *const[3]){__VA_ARGS__}, shown)

/* --- What the caller does ------------------------------------------------------------------ */

static int64_t picks_of(int i, int64_t *all)
{
    struct view view;
    view_take(&orders, "user-service", &view);
    *all = 0;
    for (int k = 0; k < view.count; k++)
        *all += view.at[k].picks;
    const struct seen *seen = view_find(&view, user_id(i));
    return seen ? seen->picks : 0;
}

struct picked {
    int64_t since, wanted;
};

static bool has_picked(void *arg)
{
    const struct picked *picked = arg;
    int64_t all;
    picks_of(0, &all);
    return all - picked->since >= picked->wanted;
}

/* The share of user-service-1, in percent, of the next 200 calls or more. */
static int64_t share_of_first(void)
{
    int64_t all_before, all_after, before = picks_of(0, &all_before);
    struct picked picked = {all_before, 200};
    cr_assert(wait_until(has_picked, &picked, PATIENCE_MS), "the load stands still");
    int64_t after = picks_of(0, &all_after);
    return 100 * (after - before) / (all_after - all_before);
}

static void expect_share(int64_t percent, const char *what)
{
    int64_t share = share_of_first();
    REPORT("%s: share of user-service-1 %lld %%", what, (long long)share);
    cr_expect_leq(llabs(share - percent), 5, "%s: %lld %%, not %lld", what, (long long)share, (long long)percent);
}

static void expect_unused(const char *what)
{
    int64_t share = share_of_first();
    cr_expect_eq(share, 0, "%s: %lld %%", what, (long long)share);
}

static bool weight_is_seen(void *arg)
{
    char part[120];
    snprintf(part, sizeof part, "\"port\":%d,\"weight\":%d", users[0].port, *(int *)arg);
    return replies(&orders, "/discovery", 200, part);
}

static bool maintenance_is_seen(void *arg)
{
    return replies(&orders, "/discovery/explain?service=user-service", 200, "in maintenance") == (arg != NULL);
}

/* The caller follows within 500 ms of the command's end; on a busy machine that may take longer, and is printed. */
static void expect_soon(bool (*condition)(void *arg), void *arg, const char *what)
{
    int64_t took = await(condition, arg, PATIENCE_MS, what);
    cr_expect_leq(took, 20 * FOLLOW_MS, "%s: %lld ms", what, (long long)took);
}

/* --- Weight and maintenance ------------------------------------------------------------------ */

static void change_and_back(void)
{
    char log[200];
    struct load *load = load_orders(4, 50);
    expect_share(33, "weights 1, 1 and 1");
    COMMAND("user-service-1 has weight 3; callers see it in consul, etcd\n", "--weight", "3");
    expect_soon(weight_is_seen, &(int){3}, "weight 3 is seen after");
    expect_share(60, "weights 3, 1 and 1");

    COMMAND("user-service-1 is in maintenance: upgrade; callers see it in consul, etcd\n", "--maintenance", "on",
            "--reason=upgrade");
    expect_soon(maintenance_is_seen, "on", "maintenance is seen after");
    expect_unused("in maintenance");
    cr_expect(replies(&users[0], "/control", 200, "\"weight\":3,\"maintenance\":true,\"reason\":\"upgrade\""));
    cr_expect(replies(&users[0], "/metrics", 200, "registration_maintenance{registry=\"consul\"} 1\n"));
    cr_expect(proc_wait_output(&users[0].proc, "msg=maintenance_on reason=", log, sizeof log, PATIENCE_MS));
    cr_expect_str_eq(log, "upgrade");

    COMMAND("user-service-1 is in service; callers see it in consul, etcd\n", "--maintenance", "off");
    expect_soon(maintenance_is_seen, NULL, "its end is seen after");
    expect_share(60, "weights 3, 1 and 1, after maintenance");
    stop_load(load, "two weights, maintenance on and off");
    close_etcd_scene();
}

Test(order_control, caller_of_consul_follows_operator, .init = open_control)
{
    change_and_back();
}

Test(order_control, caller_of_etcd_follows_operator, .init = open_control_etcd)
{
    change_and_back();
}

/* --- The registry fails -------------------------------------------------------------------- */

static bool all_are_registered(void *arg)
{
    (void)arg;
    return reads_etcd ? etcd_has(&(int){USERS + 1}) : consul_count(consul, "user-service", false) == USERS;
}

static bool caller_has_first(void *arg)
{
    (void)arg;
    struct view view;
    view_take(&orders, "user-service", &view);
    const struct seen *seen = view_find(&view, user_id(0));
    return seen && strcmp(seen->status, "missing") != 0 && weight_is_seen(&(int){3});
}

/* Stops the registry, which loses all it knew, and starts it again. */
static void lose_registry(void)
{
    struct server *server = reads_etcd ? &etcd : consul;
    server_kill(server);
    expect_unused("in maintenance, the registry is down");
    if (reads_etcd)
        lose_data_of_etcd();
    start_server(server);
    await(all_are_registered, NULL, PATIENCE_MS, "the registry, started empty, has all instances");
    await(caller_has_first, NULL, PATIENCE_MS, "the caller has user-service-1 from it, with its weight");
    expect_unused("in maintenance, the registry is back");
}

static void survive_loss_of_registry(void)
{
    struct load *load = load_orders(4, 50);
    COMMAND("user-service-1 is in maintenance: disk; has weight 3; callers see it in consul, etcd\n", "--maintenance=on",
            "--reason=disk", "--weight=3");
    expect_soon(maintenance_is_seen, "on", "maintenance is seen after");
    lose_registry();
    COMMAND("user-service-1 is in service; callers see it in consul, etcd\n", "--maintenance", "off");
    expect_soon(maintenance_is_seen, NULL, "its end is seen after");
    /* Consul has just started: its own check of the instance may still have no result, which counts as critical. */
    await_reply(&orders, "/health", 200, "\"3 passing, 0 warning, 0 critical\"");
    expect_share(60, "weights 3, 1 and 1, after the loss");
    stop_load(load, "the registry lost its state during maintenance");
    close_etcd_scene();
}

Test(order_control, maintenance_and_weight_outlive_consul, .init = open_control)
{
    survive_loss_of_registry();
}

Test(order_control, maintenance_and_weight_outlive_etcd, .init = open_control_etcd)
{
    survive_loss_of_registry();
}

Test(order_control, order_while_consul_is_down_is_kept, .init = open_control)
{
    struct load *load = load_orders(4, 50);
    server_stop(consul);
    COMMAND("user-service-1 is in maintenance; callers see it in etcd; not yet in consul: as soon as the instance is registered there\n",
            "--maintenance", "on");
    start_server(consul);
    await(maintenance_is_seen, "on", PATIENCE_MS, "Consul is back: maintenance is seen after");
    expect_unused("in maintenance");
    stop_load(load, "maintenance while Consul was down");
    close_etcd_scene();
}

/* Consul's own command and an instance that starts again after SIGKILL: what Consul keeps, stays. */
Test(order_control, maintenance_in_consul_outlives_the_process, .init = open_control)
{
    COMMAND("user-service-1 is in maintenance: upgrade; callers see it in consul, etcd\n", "--maintenance", "on",
            "--reason=upgrade");
    proc_stop(&users[0].proc, SIGKILL, 5000);
    start_user(0);
    await_reply(&users[0], "/control", 200, "\"weight\":1,\"maintenance\":true,\"reason\":\"upgrade\"");
    cr_expect(proc_wait_output(&users[0].proc, "msg=maintenance_found registry=consul reason=upgrade", NULL, 0, PATIENCE_MS));
    expect_soon(maintenance_is_seen, "on", "still in maintenance after");
    set_maintenance(0, false);
    await_reply(&users[0], "/control", 200, "\"maintenance\":false,\"reason\":\"\"");
    set_maintenance(0, true);
    expect_soon(maintenance_is_seen, "on", "set by an operator at Consul: seen after");
    COMMAND("user-service-1 is in service; callers see it in consul, etcd\n", "--maintenance", "off");
    expect_soon(maintenance_is_seen, NULL, "ended by the instance: seen after");
    close_etcd_scene();
}
