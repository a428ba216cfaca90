#include "lesson_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/http_probe.h"

void lesson_program(const char *name, char out[PLACE_PATH_MAX + 64])
{
    char build[PLACE_PATH_MAX];
    build_path(build);
    snprintf(out, PLACE_PATH_MAX + 64, "%s/lesson/%s", build, name);
}

/* --- The client -------------------------------------------------------------------------- */

int lesson_client_start(struct lesson_client *client, const struct world *world, const char *service, int cache_ttl_s,
                        int per_second, struct err *err)
{
    char program[PLACE_PATH_MAX + 64], log[PLACE_PATH_MAX + 96], consul[160], ttl[16], rate[16];
    lesson_program("service_client", program);
    snprintf(log, sizeof log, "%s/lesson-client-%s-%d.log", world->folder.path, service, cache_ttl_s);
    snprintf(consul, sizeof consul, "CONSUL_HTTP_ADDR=%s", world->consul.url);
    snprintf(ttl, sizeof ttl, "%d", cache_ttl_s);
    snprintf(rate, sizeof rate, "%d", per_second);
    const char *const argv[] = {program, service, ttl, rate, NULL}, *const env[] = {consul, NULL};
    return proc_start(&client->proc, argv, env, log, err);
}

void lesson_client_count(struct lesson_client *client, struct lesson_count *count)
{
    bool crashed = !proc_is_running(&client->proc);
    char *output = proc_output(&client->proc), *rest = output, *line;
    *count = (struct lesson_count){.crashed = crashed};
    while ((line = strsep(&rest, "\n")) != NULL && rest) { /* a last line without \n is not complete */
        count->ok += strncmp(line, "ok ", 3) == 0;
        count->failed += strncmp(line, "failed ", 7) == 0;
        count->queries += strcmp(line, "query") == 0;
    }
    free(output);
}

void lesson_client_stop(struct lesson_client *client, struct lesson_count *count)
{
    bool started = client->proc.log[0] != '\0';
    *count = (struct lesson_count){0};
    if (!started)
        return;
    bool crashed = !proc_is_running(&client->proc);
    proc_stop(&client->proc, SIGKILL, 0);
    lesson_client_count(client, count);
    count->crashed = crashed;
}

/* --- The service -------------------------------------------------------------------------- */

int lesson_service_start(struct proc *proc, const struct folder *folder, const struct server *consul,
                         const char *service, int number, const char *interval, const char *database, struct err *err)
{
    char program[PLACE_PATH_MAX + 64], log[PLACE_PATH_MAX + 96], id[96], address[160], url[192];
    lesson_program("shallow_service", program);
    snprintf(id, sizeof id, "%s-%d", service, number);
    snprintf(log, sizeof log, "%s/%s.log", folder->path, id);
    snprintf(address, sizeof address, "CONSUL_HTTP_ADDR=%s", consul->url);
    snprintf(url, sizeof url, "DATABASE_URL=%s", database);
    const char *const argv[] = {program, service, id, interval, NULL}, *const env[] = {address, url, NULL};
    return proc_start(proc, argv, env, log, err);
}

void consul_deregister(const struct server *consul, const char *service, int number)
{
    char url[256];
    struct probe_reply reply = {0};
    struct err ignored = ERR_INIT;
    snprintf(url, sizeof url, "%s/v1/agent/service/deregister/%s-%d", consul->url, service, number);
    probe_send(NULL, &(struct probe_request){.method = "PUT", .url = url}, &reply, &ignored);
    probe_reply_close(&reply);
}
