/* Both services behind PgBouncer, in each pool mode, under load and through its restart. */
#include <stdlib.h>

#include "scene.h"
#include "scene_requests.h"

TestSuite(order_pooler, .timeout = 300);

static struct server bouncer;

static void open_pooled(const char *mode, const char *timeout)
{
    static char postgres_port[16], database_url[160];
    open_world();
    cr_assert_eq(server_init(&bouncer, SERVER_PGBOUNCER, &world.folder, &err), 0, "%s", err.text);
    snprintf(postgres_port, sizeof postgres_port, "%d", world.postgres.port.number);
    bouncer.options[0] = postgres_port;
    bouncer.options[1] = mode;
    start_server(&bouncer);
    snprintf(database_url, sizeof database_url, "DATABASE_URL=%s", bouncer.url);
    user_settings[0] = order_settings[0] = database_url;
    user_settings[1] = order_settings[1] = timeout;
    start_all();
    server_stop(&world.redis); /* so that each read reaches PostgreSQL */
}

static void close_pooled(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    for (int i = 0; i < USERS; i++)
        cr_expect_eq(service_stop(&users[i]), 0, "%s", user_id(i));
    server_close(&bouncer);
    close_world();
}

static bool order_is_placed(void *arg)
{
    (void)arg;
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    struct err cause = ERR_INIT;
    const struct probe_request request = {.url = service_url(&orders, "/orders", url),
                                          .body = "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":1}"};
    bool placed = probe_send(NULL, &request, &reply, &cause) == 0 && reply.status == 201;
    probe_reply_close(&reply);
    return placed;
}

static void use_under_load(const char *when)
{
    struct load *load = load_orders(8, 100);
    for (int i = 0; i < 100; i++) {
        cr_expect(order_is_placed(NULL));
        cr_expect_eq(get_status(&orders, "/orders/1", NULL), 200);
    }
    stop_load(load, when);
}

static void serve(const char *mode)
{
    open_pooled(mode, "DATABASE_TIMEOUT=20s"); /* a machine that stalls for a moment fails no statement */
    use_under_load(mode);
    server_kill(&bouncer);
    await_reply(&orders, "/health", 503, "\"postgres\":{\"status\":\"unhealthy\"");
    start_server(&bouncer);
    await_reply(&orders, "/health", 200, "\"postgres\":{\"status\":\"healthy\"");
    for (int i = 0; i < USERS; i++)
        await_reply(&users[i], "/users/7", 200, "User7");
    use_under_load("after its restart");
    close_pooled();
}

Test(order_pooler, services_work_in_transaction_mode)
{
    serve("transaction");
}

Test(order_pooler, services_work_in_session_mode)
{
    serve("session");
}

/* --- The log -------------------------------------------------------------------------------- */

static bool last_logged(void *event)
{
    const char *last = NULL;
    char *output = proc_output(&orders.proc);
    for (const char *at = output; (at = strstr(at, "msg=postgres_")); at++)
        if (strncmp(at, "msg=postgres_up", 15) == 0 || strncmp(at, "msg=postgres_down", 17) == 0)
            last = at;
    bool is_event = last && strncmp(last, event, strlen(event)) == 0;
    free(output);
    return is_event;
}

/* A pooler that hangs answers both connections for reads in the same moment when it returns. */
Test(order_pooler, end_of_each_outage_is_logged)
{
    open_pooled("transaction", "DATABASE_TIMEOUT=2s");
    for (int i = 0; i < 4; i++) {
        server_pause(&bouncer);
        await_reply(&orders, "/orders/1", 503, "no reply in time from"); /* new connections are attempted */
        await(last_logged, "msg=postgres_down", PATIENCE_MS, "the outage is logged");
        server_resume(&bouncer);
        await_reply(&orders, "/health", 200, "\"postgres\":{\"status\":\"healthy\"");
        await(last_logged, "msg=postgres_up", PATIENCE_MS, "its end is logged");
    }
    close_pooled();
}
