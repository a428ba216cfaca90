/* service_case: starts a service, and reads its replies outside a row of http_case.h. */
#ifndef SERVICE_TESTS_SERVICE_CASE_H
#define SERVICE_TESTS_SERVICE_CASE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/http_probe.h"
#include "harness/world.h"

/* --- Start ------------------------------------------------------------------------ */

/* A world without Consul, which takes the longest to start: for tests that need no registry. */
static inline void start_stores(struct world *world)
{
    struct err err = ERR_INIT;
    *world = (struct world){.folder.path = ""};
    cr_assert_eq(folder_take(&world->folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&world->postgres, SERVER_POSTGRES, &world->folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&world->redis, SERVER_REDIS, &world->folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&world->consul, SERVER_CONSUL, &world->folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_launch(&world->postgres, &err), 0, "%s", err.text);
    cr_assert_eq(server_start(&world->redis, &err), 0, "%s", err.text);
    cr_assert_eq(server_wait_ready(&world->postgres, &err), 0, "%s", err.text);
    cr_assert_eq(world_load_schema(world, &err), 0, "%s", err.text);
}

static inline void start_service(struct service *service, const struct world *world, const char *program,
                                 const char *const env[])
{
    struct err err = ERR_INIT;
    cr_assert_eq(service_start(service, world, program, env, &err), 0, "%s", err.text);
}

/* --- Replies ---------------------------------------------------------------------- */

/* The body of the reply to a GET; "" if there was no reply. The caller frees. */
static inline char *body_of(const struct service *service, const char *path)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    probe_get(NULL, service_url(service, path, url), &reply);
    char *text = strdup(buf_text(&reply.body));
    probe_reply_close(&reply);
    return text;
}

/* The value of one line of /metrics; -1 if the line is missing. */
static inline long metric(const struct service *service, const char *name)
{
    char *text = body_of(service, "/metrics"), line[200];
    snprintf(line, sizeof line, "\n%s ", name);
    const char *at = strstr(text, line);
    long value = at ? atol(at + strlen(line)) : -1;
    free(text);
    return value;
}

/* Waits until the service replies to a GET with this status. */
struct awaited_status {
    const struct service *service;
    const char *path;
    int status;
};

static inline bool has_status(void *arg)
{
    const struct awaited_status *awaited = arg;
    char url[SERVICE_URL_MAX];
    return probe_get(NULL, service_url(awaited->service, awaited->path, url), NULL) == awaited->status;
}

static inline bool await_status(const struct service *service, const char *path, int status)
{
    struct awaited_status awaited = {service, path, status};
    return wait_until(has_status, &awaited, 60000);
}

#endif
