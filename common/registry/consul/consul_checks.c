#include "registry/consul/consul_checks.h"

#include <stdio.h>
#include <string.h>

#include "registry/consul/consul_wire.h"

enum { PATH_CAP = 4096 }; /* bytes, percent-encoded */

/* --- Calls ------------------------------------------------------------------------------- */

static int send_call(struct consul_http *http, const char *method, const struct buf *path, const struct buf *body,
                     int64_t deadline, struct http_response *response, struct err *err)
{
    const struct http_call call = {.method = method, .path = buf_text(path), .body = body ? body->data : NULL,
                                   .body_len = body ? body->len : 0, .deadline = deadline,
                                   .body_cap = CONSUL_SMALL_REPLY};
    return consul_http_call(http, &call, response, err);
}

static int end_check(struct consul_http *http, const char *check_id, int64_t deadline, struct err *err)
{
    struct buf path = BUF_INIT(PATH_CAP);
    struct http_response response = HTTP_RESPONSE_INIT;
    int rc = -1;
    if (!buf_adds(&path, "/v1/agent/check/deregister/") || !url_add_segment(&path, check_id))
        err_set(err, ERR_INVALID, "consul: cannot end the check %.60s…: its id is too long", check_id);
    else
        rc = send_call(http, "PUT", &path, NULL, deadline, &response, err);
    if (rc == 0 && response.status != 200 && response.status != 404) /* 404: it has ended already */
        rc = consul_http_error(&response, err);
    http_response_close(&response);
    buf_close(&path);
    return rc;
}

/* Adds a check that stays critical: a TTL check whose heartbeats never come. The registration that follows
 * removes it. */
static int hold_critical(struct consul_http *http, const char *id, int64_t deadline, struct err *err)
{
    struct buf path = BUF_INIT(PATH_CAP), body = BUF_INIT(PATH_CAP);
    struct http_response response = HTTP_RESPONSE_INIT;
    int rc = -1;
    json_t *check = json_pack("{s:o, s:s, s:o, s:s, s:s}", "ID", json_sprintf("service:%s:replaced", id), "Name",
                              "Check is being replaced", "ServiceID", json_text_new(id), "TTL", "1m", "Status",
                              "critical");
    if (!buf_adds(&path, "/v1/agent/check/register") || !json_add_take(&body, check))
        err_set(err, ERR_INVALID, "consul: cannot replace the check of %.60s…: its id is too long", id);
    else
        rc = send_call(http, "PUT", &path, &body, deadline, &response, err);
    if (rc == 0 && response.status != 200)
        rc = consul_http_error(&response, err);
    http_response_close(&response);
    buf_close(&path);
    buf_close(&body);
    return rc;
}

/* --- Read --------------------------------------------------------------------------------- */

static bool add_list_path(struct buf *path, const char *id)
{
    struct buf filter = BUF_INIT(PATH_CAP);
    bool added = buf_adds(&filter, "ServiceID == ") && json_add_string(&filter, id, strlen(id)) &&
                 buf_adds(path, "/v1/agent/checks?filter=") && url_add_segment(path, buf_text(&filter));
    buf_close(&filter);
    return added;
}

int consul_checks_read(struct consul_http *http, const char *id, int64_t deadline, json_t **checks, struct err *err)
{
    struct buf path = BUF_INIT(PATH_CAP);
    struct http_response response = HTTP_RESPONSE_INIT;
    int rc = -1;
    *checks = NULL;
    if (!add_list_path(&path, id))
        err_set(err, ERR_INVALID, "consul: cannot read the checks of %.60s…: its id is too long", id);
    else
        rc = send_call(http, "GET", &path, NULL, deadline, &response, err);
    if (rc == 0 && response.status == 200) {
        *checks = json_parse_new(buf_text(&response.body), response.body.len, err);
        rc = *checks ? 0 : err_prefix(err, "consul");
    } else if (rc == 0 && response.status != 404) {
        rc = consul_http_error(&response, err);
    }
    http_response_close(&response);
    buf_close(&path);
    return rc;
}

/* --- Which checks end ------------------------------------------------------------------------ */

static const char *text_of(const json_t *check, const char *key)
{
    const char *text = json_string_value(json_object_get(check, key));
    return text ? text : "";
}

bool consul_checks_is_of(const json_t *check, const char *id)
{
    return strcmp(text_of(check, "ServiceID"), id) == 0;
}

const char *consul_checks_maintenance(const json_t *checks, const char *id)
{
    const char *check_id;
    json_t *check;
    json_object_foreach((json_t *)checks, check_id, check)
        if (consul_checks_is_of(check, id) && consul_is_service_maintenance(check_id))
            return text_of(check, "Notes");
    return NULL;
}

bool consul_checks_in_maintenance(const json_t *checks, const char *id)
{
    return consul_checks_maintenance(checks, id) != NULL;
}

const char *consul_checks_register_path(bool in_maintenance)
{
    return in_maintenance ? "/v1/agent/service/register" : "/v1/agent/service/register?replace-existing-checks=true";
}

/* The new registration has a check with this id. */
static bool is_named(const char *check_id, const struct registration_spec *spec)
{
    return spec->check != CHECK_NONE && strncmp(check_id, "service:", 8) == 0 && strcmp(check_id + 8, spec->id) == 0;
}

/* Agents before 1.7 do not name the kind. */
static bool is_same_kind(const json_t *check, const struct registration_spec *spec)
{
    const char *kind = text_of(check, "Type");
    return !*kind || strcmp(kind, consul_check_kind(spec->check)) == 0;
}

int consul_checks_end_stale(struct consul_http *http, const json_t *checks, const struct registration_spec *spec,
                            int64_t deadline, struct err *err)
{
    bool in_maintenance = consul_checks_in_maintenance(checks, spec->id);
    const char *check_id;
    json_t *check;
    json_object_foreach((json_t *)checks, check_id, check) {
        if (!consul_checks_is_of(check, spec->id) || consul_is_service_maintenance(check_id))
            continue;
        /* These the registration ends by itself. */
        if (is_named(check_id, spec) ? is_same_kind(check, spec) : !in_maintenance)
            continue;
        if (!in_maintenance && hold_critical(http, spec->id, deadline, err) != 0)
            return -1;
        if (end_check(http, check_id, deadline, err) != 0)
            return -1;
    }
    return 0;
}
