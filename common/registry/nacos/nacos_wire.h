/* nacos_wire: the requests and replies of Nacos' HTTP API, as pure functions that do no I/O.
 *
 * Two versions of the API do the same:
 *
 *                 Nacos 3                                       Nacos 1 and 2
 *   register      POST   /v3/client/ns/instance                 POST   /v1/ns/instance
 *   heartbeat     the same with heartBeat=true                  PUT    /v1/ns/instance/beat
 *   deregister    DELETE /v3/client/ns/instance                 DELETE /v1/ns/instance
 *   list          GET    /v3/client/ns/instance/list            GET    /v1/ns/instance/list
 *   log in        POST   /v3/auth/user/login                    POST   /v1/auth/login
 *   namespaces    GET    /v3/admin/core/namespace/list          GET    /v1/console/namespaces
 *
 * The parameters are a form: the body of a POST, the query of the others. An instance is known by its address, port
 * and cluster; our own id, the zone, the version and the tags are in its metadata. The cluster is always DEFAULT,
 * because version 3 lists only the instances of the clusters that a request names.
 *
 * Errors come in several forms: a code in the body with status 200 or 400, a page of the web framework in JSON, or
 * plain text.
 */
#ifndef REGISTRY_NACOS_WIRE_H
#define REGISTRY_NACOS_WIRE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "registry/instance.h"
#include "registry/nacos/nacos_config.h"
#include "registry/registry.h"

enum nacos_api { NACOS_API_UNKNOWN, NACOS_API_V3, NACOS_API_V1 };

enum nacos_request {
    NACOS_REGISTER,
    NACOS_BEAT,
    NACOS_DEREGISTER,
    NACOS_LIST,
    NACOS_LOGIN,
    NACOS_NAMESPACES,
    NACOS_REQUESTS, /* their number */
};

const char *nacos_method(enum nacos_api api, enum nacos_request request);
/* The path below the server's, such as "/v3/client/ns/instance". */
const char *nacos_path(enum nacos_api api, enum nacos_request request);

/* --- Parameters: each appends to a form; false at the buffer's cap ------------------------- */

/* NACOS_REGISTER, NACOS_BEAT. healthy: what the instance reports. */
bool nacos_add_instance(struct buf *form, const struct nacos_config *config, const struct registration_spec *spec,
                        const char *address, bool healthy);
bool nacos_add_beat(struct buf *form, enum nacos_api api, const struct nacos_config *config,
                    const struct registration_spec *spec, const char *address);
/* NACOS_DEREGISTER. */
bool nacos_add_own(struct buf *form, const struct nacos_config *config, const struct registration_spec *spec,
                   const char *address);
/* NACOS_LIST: the instances of the cluster DEFAULT. */
bool nacos_add_list(struct buf *form, enum nacos_api api, const struct nacos_config *config, const char *service);
/* NACOS_LIST, only to see whether the server knows this version of the API: the list is empty. */
bool nacos_add_probe(struct buf *form, enum nacos_api api, const struct nacos_config *config, const char *service);
/* NACOS_LOGIN. */
bool nacos_add_login(struct buf *form, const char *username, const char *password);

/* --- Replies ------------------------------------------------------------------------------- */

enum nacos_result {
    NACOS_OK,
    NACOS_UNKNOWN_INSTANCE, /* of a heartbeat: register again */
    NACOS_FAILED,           /* err has Nacos' own words, and what to do if these do not say it */
};

/* The result of a request to register, send a heartbeat or deregister. */
enum nacos_result nacos_parse_result(int status, const char *body, size_t len, struct err *err);
/* Sets err to the reason of a reply that is an error. Returns -1. */
int nacos_parse_error(int status, const char *body, size_t len, struct err *err);
/* Whether a reply to nacos_add_probe shows that the server knows this version. */
bool nacos_shows_api(enum nacos_api api, int status, const char *body, size_t len);
/* Whether the server wants a login: there was no token, it has expired, or the server does not know it. False for a
 * user who may not do this. */
bool nacos_wants_login(int status, const char *body);
/* True if the reply to NACOS_NAMESPACES is a list without this id. The server itself accepts any id. */
bool nacos_lacks_namespace(const char *body, size_t len, const char *id);

/* The token, and how long it lives; INT64_MAX if the reply does not say it. 0, or -1: not a login's reply. */
int nacos_parse_login(const char *body, size_t len, char *token, size_t size, int64_t *ttl_ms, struct err *err);

/* --- The list ------------------------------------------------------------------------------ */

/* Checks what stands around a list. 0, or -1: it is an error, or not Nacos'. */
int nacos_check_envelope(enum nacos_api api, const char *body, size_t len, struct err *err);
/* The member of the reply that is the list. */
const char *nacos_list_member(enum nacos_api api);
/* An entry of a list: list_read_entry. */
const char *nacos_read_entry(const json_t *entry, struct instance *instance);

#endif
