#include "stage.h"

#include <signal.h>
#include <stdio.h>

enum { THREADS = 4, PATIENCE_MS = 60000 };

static const struct text naive_name = {"naive", "朴素版"}, yours_name = {"yours", "你的"}, project_name = {"project", "本项目"};
static const struct text naive_does = {"the lesson's first client: it queries Consul before each call",
                                       "课程里最初的客户端：每次调用前都查询 Consul"},
                         yours_does = {"order-service with your get_instances()",
                                       "使用你的 get_instances() 的 order-service"},
                         project_does = {"the project's order-service, with common/discovery",
                                         "本项目的 order-service，使用 common/discovery"};

struct server *stage_agent(struct stage *stage, int user)
{
    return stage->clustered ? &stage->cluster.clients[user] : &stage->world.consul;
}

bool stage_lists_all(struct stage *stage)
{
    return consul_count(stage->consul, "user-service", true) == USERS;
}

/* --- Start ---------------------------------------------------------------------------------- */

static int start_servers(struct stage *stage, struct err *err)
{
    if (world_start(&stage->world, err) != 0)
        return -1;
    stage->consul = &stage->world.consul;
    if (!stage->clustered)
        return 0;
    server_close(&stage->world.consul);
    if (cluster_start(&stage->cluster, &stage->world.folder, err) != 0)
        return -1;
    stage->consul = &stage->cluster.clients[USERS];
    return 0;
}

static int start_users(struct stage *stage, struct err *err)
{
    for (int i = 0; i < USERS; i++) {
        char id[40], consul[160];
        snprintf(id, sizeof id, "SERVICE_ID=user-service-%d", i + 1);
        snprintf(consul, sizeof consul, "CONSUL_HTTP_ADDR=%s", stage_agent(stage, i)->url);
        const char *const env[] = {id, consul, "RECONCILE_INTERVAL=5s", "REGISTER_JITTER=2s", NULL};
        if (service_start(&stage->users[i], &stage->world, "user-service", env, err) != 0)
            return -1;
    }
    return 0;
}

static int start_orders(struct stage *stage, const char *program, struct err *err)
{
    int caller = stage->callers++;
    char id[64], consul[160], ttl[48];
    snprintf(id, sizeof id, "SERVICE_ID=order-service-%d", caller);
    snprintf(consul, sizeof consul, "CONSUL_HTTP_ADDR=%s", stage->consul->url);
    snprintf(ttl, sizeof ttl, "DISCOVERY_CACHE_TTL=%dms", TTL_MS);
    const char *const env[] = {id, consul, ttl, "RECONCILE_INTERVAL=5s", NULL};
    return service_start(&stage->orders[caller], &stage->world, program, env, err);
}

static bool all_are_passing(void *arg)
{
    return stage_lists_all(arg);
}

static bool all_are_known(void *arg)
{
    struct stage *stage = arg;
    struct view view;
    view_take(&stage->orders[stage->callers - 1], "user-service", &view);
    return view.usable == USERS;
}

int stage_open(struct stage *stage, struct record *record, bool clustered, const char *learners, struct err *err)
{
    *stage = (struct stage){.clustered = clustered, .callers = NAIVE + 1};
    if (start_servers(stage, err) != 0 || start_users(stage, err) != 0)
        return -1;
    /* The callers start after the instances: otherwise they would cache an empty list. */
    if (!wait_until(all_are_passing, stage, PATIENCE_MS))
        return err_set(err, ERR_TIMEOUT, "not all user-services become passing in Consul");
    record_add_caller(record, naive_name, naive_does, false);
    if (*learners) {
        record_add_caller(record, yours_name, yours_does, true);
        if (start_orders(stage, learners, err) != 0)
            return -1;
    }
    record_add_caller(record, project_name, project_does, true);
    if (start_orders(stage, "order-service", err) != 0)
        return -1;
    return wait_until(all_are_known, stage, PATIENCE_MS)
               ? 0
               : err_set(err, ERR_TIMEOUT, "order-service does not discover all user-services");
}

int stage_start_load(struct stage *stage, struct err *err)
{
    char program[PLACE_PATH_MAX + 32], build[PLACE_PATH_MAX], prefix[SERVICE_URL_MAX];
    build_path(build);
    snprintf(program, sizeof program, "%s/lesson/order_service", build);
    stage->naive = naive_start(program, stage->consul->url, THREADS, CALLS_A_SECOND / THREADS);
    bool all = stage->naive != NULL;
    for (int i = NAIVE + 1; i < stage->callers; i++) {
        stage->load[i] =
            load_start(service_url(&stage->orders[i], "/users/", prefix), THREADS, CALLS_A_SECOND / THREADS);
        all = all && stage->load[i];
    }
    return all ? 0 : err_set(err, ERR_FAILED, "cannot start the load: cannot create a thread");
}

/* The services end first: calls that still wait for them then fail at once. */
void stage_close(struct stage *stage)
{
    struct load_count ignored;
    for (int i = NAIVE + 1; i < stage->callers; i++)
        proc_stop(&stage->orders[i].proc, SIGKILL, 0);
    for (int i = 0; i < USERS; i++)
        proc_stop(&stage->users[i].proc, SIGKILL, 0);
    cluster_stop(&stage->cluster);
    world_stop(&stage->world);
    for (int i = NAIVE + 1; i < stage->callers; i++)
        if (stage->load[i])
            load_stop(stage->load[i], &ignored);
    if (stage->naive)
        naive_stop(stage->naive);
}
