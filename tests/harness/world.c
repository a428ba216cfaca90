#include "harness/world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LISTEN_LIMIT_MS = 60000, DRAIN_LIMIT_MS = 30000, ENV_MAX = 64 };

/* --- The world -------------------------------------------------------------------------- */

static int load_schema(const struct world *world, const char *program, struct err *err)
{
    char source[PLACE_PATH_MAX], file[PLACE_PATH_MAX + 64];
    source_path(source);
    snprintf(file, sizeof file, "%s/%s/schema.sql", source, program);
    return server_sql(&world->postgres, file, NULL, err);
}

int world_load_schema(const struct world *world, struct err *err)
{
    return load_schema(world, "user-service", err) != 0 || load_schema(world, "order-service", err) != 0 ? -1 : 0;
}

static int start_all(struct world *world, struct err *err)
{
    if (folder_take(&world->folder, err) != 0 ||
        server_init(&world->postgres, SERVER_POSTGRES, &world->folder, err) != 0 ||
        server_init(&world->redis, SERVER_REDIS, &world->folder, err) != 0 ||
        server_init(&world->consul, SERVER_CONSUL, &world->folder, err) != 0)
        return -1;
    if (server_launch(&world->postgres, err) != 0 || server_launch(&world->redis, err) != 0 ||
        server_launch(&world->consul, err) != 0)
        return -1;
    if (server_wait_ready(&world->postgres, err) != 0 || load_schema(world, "user-service", err) != 0 ||
        load_schema(world, "order-service", err) != 0)
        return -1;
    return server_wait_ready(&world->redis, err) != 0 ? -1 : server_wait_ready(&world->consul, err);
}

int world_start(struct world *world, struct err *err)
{
    *world = (struct world){.folder.path = ""};
    if (start_all(world, err) == 0)
        return 0;
    world_stop(world);
    return -1;
}

void world_stop(struct world *world)
{
    server_close(&world->consul);
    server_close(&world->redis);
    server_close(&world->postgres);
    folder_remove(&world->folder);
}

/* --- Services --------------------------------------------------------------------------- */

int service_launch(struct service *service, const struct world *world, const char *program, const char *const env[],
                   struct err *err)
{
    char build[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 64], database[160], redis[160], consul[160];
    build_path(build);
    snprintf(path, sizeof path, "%s%s%s", *program == '/' ? "" : build, *program == '/' ? "" : "/", program);
    snprintf(database, sizeof database, "DATABASE_URL=%s", world->postgres.url);
    snprintf(redis, sizeof redis, "REDIS_URL=%s", world->redis.url);
    snprintf(consul, sizeof consul, "CONSUL_HTTP_ADDR=%s", world->consul.url);

    /* A later variable overrides an earlier one, so the test's own come last. */
    const char *all[ENV_MAX] = {database,
                                redis,
                                consul,
                                "PORT=0",
                                "REGISTER_JITTER=0",
                                "CHECK_INTERVAL=1s",
                                "CHECK_TIMEOUT=2s",
                                "RECONCILE_INTERVAL=1s",
                                "DISCOVERY_CACHE_TTL=10s",
                                "CALL_TIMEOUT=9s"};
    size_t count = 10;
    for (; env && *env && count < ENV_MAX - 1; env++)
        all[count++] = *env;

    const char *name = strrchr(program, '/');
    snprintf(service->log, sizeof service->log, "%.*s/%s-XXXXXX", PLACE_PATH_MAX, world->folder.path,
             name ? name + 1 : program);
    int fd = mkstemp(service->log);
    if (fd >= 0)
        close(fd);
    const char *const argv[] = {path, NULL};
    service->port = 0;
    return proc_start(&service->proc, argv, all, service->log, err);
}

int service_start(struct service *service, const struct world *world, const char *program, const char *const env[],
                  struct err *err)
{
    char port[16];
    if (service_launch(service, world, program, env, err) != 0)
        return -1;
    if (!proc_wait_output(&service->proc, "msg=listening", NULL, 0, LISTEN_LIMIT_MS) ||
        !proc_wait_output(&service->proc, " port=", port, sizeof port, 0)) {
        char *output = proc_output(&service->proc);
        err_set(err, ERR_FAILED, "cannot start %s: %s", program, output);
        free(output);
        proc_stop(&service->proc, SIGKILL, 0);
        return -1;
    }
    service->port = atoi(port);
    return 0;
}

int service_stop(struct service *service)
{
    int status = proc_stop(&service->proc, SIGTERM, DRAIN_LIMIT_MS);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const char *service_url(const struct service *service, const char *path, char out[SERVICE_URL_MAX])
{
    snprintf(out, SERVICE_URL_MAX, "http://127.0.0.1:%d%s", service->port, path);
    return out;
}
