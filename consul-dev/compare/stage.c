#include "stage.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { KNOWN_LIMIT_MS = 90000 }; /* Eureka shows an instance up to 30 s later */

/* --- PostgreSQL and Redis ------------------------------------------------------------------------ */

static int open_world(struct world *world, struct err *err)
{
    if (folder_take(&world->folder, err) != 0 ||
        server_init(&world->postgres, SERVER_POSTGRES, &world->folder, err) != 0 ||
        server_init(&world->redis, SERVER_REDIS, &world->folder, err) != 0 || server_launch(&world->redis, err) != 0 ||
        server_start(&world->postgres, err) != 0 || server_wait_ready(&world->redis, err) != 0)
        return -1;
    return world_load_schema(world, err);
}

int stage_open(struct stage *stage, struct err *err)
{
    *stage = (struct stage){0};
    if (open_world(&stage->world, err) == 0)
        return 0;
    stage_close(stage);
    return -1;
}

void stage_close(struct stage *stage)
{
    stage_end(stage);
    world_stop(&stage->world);
}

/* --- The services of one kind -------------------------------------------------------------------- */

const char *stage_user_id(int i, char out[32])
{
    snprintf(out, 32, "user-service-%d", i + 1);
    return out;
}

static int start(struct stage *stage, struct service *service, const char *program, const char *id, struct err *err)
{
    char registries[32], service_id[48];
    snprintf(registries, sizeof registries, "REGISTRIES=%s", kind_name(stage->kind));
    snprintf(service_id, sizeof service_id, "SERVICE_ID=%s", id);
    /* DRAIN_TIMEOUT: an instance that leaves goes on serving until no caller calls it any more. */
    const char *const env[] = {
        "CONSUL_HTTP_ADDR", stage->group.setting,    registries,      service_id,         STAGE_CHECK_INTERVAL,
        "CHECK_TIMEOUT=2s", "RECONCILE_INTERVAL=5s", STAGE_CACHE_TTL, "DRAIN_TIMEOUT=5m", NULL};
    return service_start(service, &stage->world, program, env, err);
}

int stage_start_user(struct stage *stage, int i, struct err *err)
{
    char id[32];
    return start(stage, &stage->users[i], "user-service", stage_user_id(i, id), err);
}

static bool knows_the_first(void *arg)
{
    struct stage *stage = arg;
    for (int i = 0; i < STAGE_FIRST; i++)
        if (!stage_is_known(stage, i))
            return false;
    return true;
}

static int begin(struct stage *stage, enum kind kind, struct err *err)
{
    stage->kind = kind;
    if (group_start(&stage->group, kind, &stage->world.folder, err) != 0)
        return -1;
    for (int i = 0; i < STAGE_FIRST; i++)
        if (stage_start_user(stage, i, err) != 0)
            return -1;
    if (start(stage, &stage->orders, "order-service", "order-service-1", err) != 0)
        return -1;
    return wait_until(knows_the_first, stage, KNOWN_LIMIT_MS)
               ? 0
               : err_set(err, ERR_TIMEOUT, "order-service does not find the user-services");
}

int stage_begin(struct stage *stage, enum kind kind, struct err *err)
{
    if (begin(stage, kind, err) == 0)
        return 0;
    stage_end(stage);
    return -1;
}

/* The registry is lost, so there is no use in draining. */
void stage_end(struct stage *stage)
{
    enum { LIMIT_MS = 10000 };
    proc_kill_all(&stage->orders.proc, LIMIT_MS);
    for (int i = 0; i < STAGE_USERS; i++)
        proc_kill_all(&stage->users[i].proc, LIMIT_MS);
    group_close(&stage->group);
}

/* --- What order-service knows -------------------------------------------------------------------- */

struct looked_up {
    bool answers, passing, ejected;
};

static struct looked_up look_up(const struct stage *stage, int i)
{
    struct view view;
    char id[32];
    view_take(&stage->orders, "user-service", &view);
    const struct seen *seen = view_find(&view, stage_user_id(i, id));
    return (struct looked_up){view.known, seen && strcmp(seen->status, "passing") == 0, seen && seen->ejected};
}

bool stage_is_known(struct stage *stage, int i)
{
    return look_up(stage, i).passing;
}

bool stage_is_out(struct stage *stage, int i)
{
    struct looked_up found = look_up(stage, i);
    return found.answers && !found.passing;
}

bool stage_is_ejected(struct stage *stage, int i)
{
    return look_up(stage, i).ejected;
}

const char *stage_users_url(const struct stage *stage, char out[SERVICE_URL_MAX])
{
    return service_url(&stage->orders, "/users/", out);
}
