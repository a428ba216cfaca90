#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The settings of `make up`: shorter than the defaults, for a person who watches. */
#define WATCHED_SETTINGS "REGISTER_JITTER=2s", "CHECK_INTERVAL=1s", "CHECK_TIMEOUT=2s", "DISCOVERY_CACHE_TTL=10s", \
                         "LB_SLOW_START=10s", "RECONCILE_INTERVAL=5s"

enum { SETTINGS_MAX = 16 };

/* --- Ports ------------------------------------------------------------------------- */

static int port_setting(const char *name, int fallback)
{
    const char *value = getenv(name);
    int number = value ? atoi(value) : 0;
    return number > 0 && number < 65535 ? number : fallback;
}

/* `number` if no process listens on it; else 0: any free port. */
static int port_or_any(int number, const char *variable)
{
    struct err err = ERR_INIT;
    struct port port = {0};
    if (port_prefer(&port, number, &err) != 0)
        return 0;
    int got = port.number;
    port_release(&port);
    if (got == number)
        return number;
    printf("    port %d is in use; a free port is used instead (%s sets another one)\n", number, variable);
    return 0;
}

static int start_server(struct server *server, enum server_kind kind, const struct folder *folder, struct err *err)
{
    return server_init(server, kind, folder, err) == 0 ? server_start(server, err) : -1;
}

static int start_registry(struct stage *stage, struct err *err)
{
    const struct registry_kind *kind = stage->kind;
    struct server *server = &stage->registry;
    int port = port_setting(kind->port_setting, kind->port);
    if (server_init(server, kind->server, &stage->world.folder, err) != 0 ||
        server_prefer_port(server, port, err) != 0)
        return -1;
    if (server->port.number != port)
        printf("    port %d is in use; %s uses port %d instead (%s sets another one)\n", port, kind->name,
               server->port.number, kind->port_setting);
    memcpy(server->options, kind->options, sizeof server->options);
    return server_start(server, err);
}

/* --- Start and stop -------------------------------------------------------------------- */

int stage_open(struct stage *stage, const struct registry_kind *kind, struct err *err)
{
    *stage = (struct stage){.kind = kind, .probe = probe_new()};
    struct world *world = &stage->world;
    if (folder_take(&world->folder, err) != 0 ||
        start_server(&world->postgres, SERVER_POSTGRES, &world->folder, err) != 0 ||
        start_server(&world->redis, SERVER_REDIS, &world->folder, err) != 0 ||
        start_registry(stage, err) != 0 || world_load_schema(world, err) != 0)
        return -1;
    for (int i = 0; i < USERS; i++)
        stage->user_port[i] = port_or_any(port_setting("USER_PORT", 8001) + i, "USER_PORT");
    stage->order_port = port_or_any(port_setting("ORDER_PORT", 8080), "ORDER_PORT");
    return 0;
}

void stage_close(struct stage *stage)
{
    for (int i = 0; i < USERS; i++)
        service_stop(&stage->users[i]);
    service_stop(&stage->orders);
    probe_free(stage->probe);
    server_close(&stage->registry);
    world_stop(&stage->world);
}

void user_id(int i, char out[32])
{
    snprintf(out, 32, "user-service-%d", i + 1);
}

int stage_start_service(struct stage *stage, struct service *service, const char *program,
                        const char *const settings[], struct err *err)
{
    char address[192], registries[32];
    snprintf(address, sizeof address, "%s=%s", stage->kind->address, stage->registry.url);
    snprintf(registries, sizeof registries, "REGISTRIES=%s", stage->kind->source);
    const char *env[SETTINGS_MAX] = {address, registries};
    for (size_t count = 2; *settings && count < SETTINGS_MAX - 1; settings++)
        env[count++] = *settings;
    return service_start(service, &stage->world, program, env, err);
}

int stage_start_user(struct stage *stage, int i, struct err *err)
{
    char id[32], setting[64], port[32];
    user_id(i, id);
    snprintf(setting, sizeof setting, "SERVICE_ID=%s", id);
    snprintf(port, sizeof port, "PORT=%d", stage->user_port[i]);
    const char *const env[] = {setting, port, WATCHED_SETTINGS, NULL};
    return stage_start_service(stage, &stage->users[i], "user-service", env, err);
}

int stage_start_orders(struct stage *stage, struct err *err)
{
    char port[32];
    snprintf(port, sizeof port, "PORT=%d", stage->order_port);
    /* CALL_TIMEOUT: the default, whose effect the steps show. The harness is more patient. */
    const char *const env[] = {"SERVICE_ID=order-service-1", port, WATCHED_SETTINGS, "CALL_TIMEOUT=3s", NULL};
    return stage_start_service(stage, &stage->orders, "order-service", env, err);
}

int stage_listed(const struct stage *stage, const char *service, bool passing)
{
    return registry_count(stage->kind, &stage->registry, service, passing);
}

bool stage_lists_passing(const struct stage *stage, const char *service, const char *id)
{
    return registry_has_passing(stage->kind, &stage->registry, service, id);
}

struct load *stage_load(struct stage *stage)
{
    char url[SERVICE_URL_MAX];
    return load_start(service_url(&stage->orders, "/users/", url), 8, 50);
}

void call_orders(struct stage *stage, int id, struct called *called)
{
    view_call(stage->probe, &stage->orders, id, called);
}
