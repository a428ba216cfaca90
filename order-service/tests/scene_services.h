/* scene_services: three user-services and an order-service on real servers, and how a test starts them. Each keeps its
 * id and port for the whole test, so that it can stop and start again. */
#ifndef ORDER_SERVICE_TESTS_SCENE_SERVICES_H
#define ORDER_SERVICE_TESTS_SCENE_SERVICES_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "harness/world.h"

enum {
    USERS = 3,
    SETTINGS_MAX = 16,
};

static struct world world;
static struct server *consul = &world.consul; /* the agent that the test queries */
static struct service users[USERS], orders;
static struct port user_ports[USERS], order_port;
/* The settings of each start, in addition to id and port. */
static const char *user_settings[SETTINGS_MAX], *order_settings[SETTINGS_MAX];
static struct err err;

static inline const char *user_id(int i)
{
    static const char *const ids[USERS] = {"user-service-1", "user-service-2", "user-service-3"};
    return ids[i];
}

static inline void start(struct service *service, const char *program, const char *id, int port,
                         const char *const settings[])
{
    char id_setting[64], port_setting[32];
    const char *env[SETTINGS_MAX + 2] = {id_setting, port_setting};
    snprintf(id_setting, sizeof id_setting, "SERVICE_ID=%s", id);
    snprintf(port_setting, sizeof port_setting, "PORT=%d", port);
    memcpy(env + 2, settings, (SETTINGS_MAX - 1) * sizeof *env);
    cr_assert_eq(service_start(service, &world, program, env, &err), 0, "%s", err.text);
}

static inline void start_user(int i)
{
    start(&users[i], "user-service", user_id(i), user_ports[i].number, user_settings);
}

static inline void start_orders(void)
{
    start(&orders, "order-service", "order-service-1", order_port.number, order_settings);
}

static inline void start_server(struct server *server)
{
    cr_assert_eq(server_start(server, &err), 0, "%s", err.text);
}

static inline void open_world(void)
{
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    cr_assert_eq(port_take(&order_port, &err), 0, "%s", err.text);
    for (int i = 0; i < USERS; i++)
        cr_assert_eq(port_take(&user_ports[i], &err), 0, "%s", err.text);
}

static inline void close_world(void)
{
    world_stop(&world);
    port_release(&order_port);
    for (int i = 0; i < USERS; i++)
        port_release(&user_ports[i]);
}

#endif
