#include "config/consul_kv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/consul_kv_wire.h"
#include "registry/consul/consul_http.h"
#include "registry/consul/consul_leader.h"
#include "registry/consul/consul_wire.h"
#include "registry/name.h"

enum {
    REPLY_CAP = 256 * 1024, /* bytes: a thousand settings. In Consul one value may have 512 KB */
};

struct consul_kv {
    struct config_source base;
    struct consul_http http;
    char folder[SERVICE_NAME_MAX + 16]; /* "config/order-service/" */
};

/* --- One query ---------------------------------------------------------------------------- */

static int send_query(struct consul_kv *kv, uint64_t index, int64_t wait_ms, int64_t deadline,
                      struct http_response *response, struct err *err)
{
    char path[sizeof kv->folder + 96];
    int len = snprintf(path, sizeof path, "/v1/kv/%s?recurse", kv->folder);
    if (index > 0)
        snprintf(path + len, sizeof path - (size_t)len, "&index=%" PRIu64 "&wait=%" PRId64 "ms", index, wait_ms);
    const struct http_call call = {.path = path, .deadline = deadline, .body_cap = REPLY_CAP};
    if (consul_http_call(&kv->http, &call, response, err) == 0)
        return 0;
    if (err->code == ERR_TOO_LARGE) {
        err_clear(err);
        return err_set(err, ERR_TOO_LARGE, "the folder has over %d KiB; remove keys that are no settings",
                       REPLY_CAP / 1024);
    }
    return -1;
}

/* Servers from 1.12 on say so if they left out keys that the token may not read. */
static bool is_filtered(const struct http_response *response)
{
    char value[8];
    return http_response_header(response, "X-Consul-Results-Filtered-By-ACLs", value, sizeof value) &&
           strcmp(value, "true") == 0;
}

static int refuse_access(const struct consul_kv *kv, const struct http_response *response, struct err *err)
{
    struct err reply = ERR_INIT;
    consul_http_error(response, &reply);
    return err_set(err, ERR_FAILED, "%s; the token needs key_prefix \"%s\" { policy = \"read\" }",
                   response->status == 403 ? reply.text : "consul: keys were left out", kv->folder);
}

/* 404: no key below the folder. It has an index too. */
static int check_reply(struct consul_kv *kv, const struct http_response *response, struct err *err)
{
    if (response->status == 403 || is_filtered(response))
        return refuse_access(kv, response, err);
    if (response->status != 200 && response->status != 404)
        return consul_http_error(response, err);
    if (consul_leader_of(&kv->http, response) == LEADER_NONE)
        return err_set(err, ERR_FAILED, "consul: the servers have no leader, so the keys may be out of date");
    return 0;
}

/* Without an index the reply is not Consul's: a proxy's 404 must not look like an empty folder. */
static int read_reply(struct consul_kv *kv, const struct http_response *response, struct config_entries *entries,
                      struct err *err)
{
    char index[32] = "";
    if (check_reply(kv, response, err) != 0)
        return -1;
    http_response_header(response, "X-Consul-Index", index, sizeof index);
    entries->index = consul_next_index(0, index);
    if (entries->index == 0)
        return err_set(err, ERR_PROTOCOL, "consul: the reply has no index");
    if (response->status == 404)
        return 0;
    const struct buf *body = &response->body;
    return consul_kv_parse(buf_text(body), body->len, kv->folder, entries, err) == 0 ? 0 : err_prefix(err, "consul");
}

static int consul_kv_fetch(struct config_source *source, uint64_t index, int64_t wait_ms, int64_t deadline,
                           struct config_entries *entries, struct err *err)
{
    struct consul_kv *kv = (struct consul_kv *)source; /* base is its first member */
    struct http_response response = HTTP_RESPONSE_INIT;
    int rc = send_query(kv, index, wait_ms, deadline, &response, err);
    if (rc == 0)
        rc = read_reply(kv, &response, entries, err);
    if (rc != 0) {
        config_entries_close(entries);
        err_prefix(err, "cannot read %s", kv->folder);
    }
    http_response_close(&response);
    return rc;
}

/* --- Create and free ------------------------------------------------------------------------ */

static void consul_kv_free(struct config_source *source)
{
    free(source);
}

struct config_source *consul_kv_new(const struct consul_config *config, const char *service, struct http_client *http,
                                    struct err *err)
{
    struct consul_kv *kv = calloc(1, sizeof *kv);
    if (!kv) {
        err_set(err, ERR_FAILED, "out of memory");
        return NULL;
    }
    kv->base = (struct config_source){.name = "consul-kv", .fetch = consul_kv_fetch, .free = consul_kv_free};
    snprintf(kv->folder, sizeof kv->folder, "config/%s/", service);
    if (consul_http_open(&kv->http, config, http, err) != 0) {
        free(kv);
        return NULL;
    }
    return &kv->base;
}
