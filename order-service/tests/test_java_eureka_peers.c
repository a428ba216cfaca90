/* Two real Eureka servers, each other's peers. What is registered at one is found at the other; one is killed, then the
 * other, and no call fails. */
#include "eureka_operator.h"

TestSuite(java_eureka_peers, .timeout = 900);

static struct server other; /* eureka is at 127.0.0.1, this one at 127.0.0.2: peers are told apart by their hosts */

static void init_peer(struct server *server, const char *address)
{
    cr_assert_eq(server_init(server, SERVER_EUREKA, &world.folder, &err), 0, "%s", err.text);
    snprintf(server->url, sizeof server->url, "http://%s:%d/eureka", address, server->port.number);
    server->options[0] = CACHE_SHORT;
    server->options[1] = CACHE_EXPIRES;
    server->env[0] = "EUREKA_USER=" EUREKA_USER;
}

static void start_peers(void)
{
    static char peers[256];
    init_peer(&eureka, "127.0.0.1");
    init_peer(&other, "127.0.0.2");
    snprintf(peers, sizeof peers, "EUREKA_PEERS=http://" EUREKA_USER "@127.0.0.1:%d/eureka/,http://" EUREKA_USER
             "@127.0.0.2:%d/eureka/", eureka.port.number, other.port.number);
    eureka.env[1] = other.env[1] = peers;
    other.env[2] = "EUREKA_ADDRESS=127.0.0.2";
    cr_assert_eq(server_launch(&eureka, &err), 0, "%s", err.text);
    cr_assert_eq(server_launch(&other, &err), 0, "%s", err.text);
    cr_assert_eq(server_wait_ready(&eureka, &err), 0, "%s", err.text);
    cr_assert_eq(server_wait_ready(&other, &err), 0, "%s", err.text);
}

/* The user-services register at the one, order-service reads from the other. */
static void open_with_peers(void)
{
    static char setting[300];
    open_world();
    start_peers();
    use_eureka("CHECK_INTERVAL=2s");
    snprintf(eureka_setting, sizeof eureka_setting, "EUREKA_URL=http://" EUREKA_USER "@127.0.0.1:%d,http://" EUREKA_USER
             "@127.0.0.2:%d", eureka.port.number, other.port.number);
    snprintf(setting, sizeof setting, "EUREKA_URL=http://" EUREKA_USER "@127.0.0.2:%d,http://" EUREKA_USER
             "@127.0.0.1:%d", other.port.number, eureka.port.number);
    order_settings[0] = setting;
    start_users_and_orders();
}

static void await_at(const struct server *server, const char *path, const char *text, const char *what)
{
    await(eureka_shows, &(struct eureka_query){server, path, text}, PATIENCE_MS, what);
}

/* Without the one that is down, as with it. */
static void replace(int i, const struct server *server, const char *what)
{
    char path[64];
    snprintf(path, sizeof path, "USER-SERVICE/%s", user_id(i));
    cr_expect_eq(service_stop(&users[i]), 0);
    await_at(server, path, NULL, "stopped: deregistered");
    await(is_not_listed, &i, PATIENCE_MS, "stopped: not in the list");
    start_user(i);
    await_at(server, path, "\"status\":\"UP\"", what);
    await(user_is_usable, &i, PATIENCE_MS, what);
    await(is_the_source, "eureka", PATIENCE_MS, "Eureka is still the source");
}

Test(java_eureka_peers, one_of_two_servers_is_enough)
{
    open_with_peers();
    await_at(&eureka, "USER-SERVICE/user-service-1", "\"status\":\"UP\"", "registered");
    await_at(&other, "USER-SERVICE/user-service-1", "\"status\":\"UP\"", "registered at its peer");
    await_at(&eureka, "ORDER-SERVICE/order-service-1", "\"status\":\"UP\"", "and in the other direction");

    struct load *load = load_orders(2, 25);
    server_kill(&other);
    replace(0, &eureka, "one is killed: registered at the other");
    start_server(&other);
    await_at(&other, "USER-SERVICE/user-service-1", "\"status\":\"UP\"", "started again: it has what its peer knows");

    server_kill(&eureka);
    replace(1, &other, "the other is killed: registered at the first");
    start_server(&eureka);
    await_at(&eureka, "USER-SERVICE/user-service-2", "\"status\":\"UP\"", "started again: it has what its peer knows");
    stop_load(load, "each of two peers killed and started again");
    server_close(&other);
    close_eureka_scene();
}
