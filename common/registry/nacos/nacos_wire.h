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
 *
 * The parameters are in the query. An instance is known by its address, port and cluster; our own id, the zone, the
 * version and the tags are in its metadata. The cluster is always DEFAULT, because version 3 lists only the
 * instances of one cluster.
 *
 * Most errors come as a code in the body, many of them with status 200.
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

enum nacos_request { NACOS_REGISTER, NACOS_BEAT, NACOS_DEREGISTER, NACOS_LIST, NACOS_LOGIN, NACOS_REQUESTS };

const char *nacos_method(enum nacos_api api, enum nacos_request request);
/* The path below the server's, such as "/v3/client/ns/instance". */
const char *nacos_path(enum nacos_api api, enum nacos_request request);

/* --- Parameters: each appends to a query; false at the buffer's cap ------------------------ */

/* NACOS_REGISTER, NACOS_BEAT. healthy: what the instance reports. */
bool nacos_add_instance(struct buf *query, const struct nacos_config *config, const struct registration_spec *spec,
                        const char *address, bool healthy);
bool nacos_add_beat(struct buf *query, enum nacos_api api, const struct nacos_config *config,
                    const struct registration_spec *spec, const char *address);
/* NACOS_DEREGISTER. */
bool nacos_add_own(struct buf *query, const struct nacos_config *config, const struct registration_spec *spec,
                   const char *address);
/* NACOS_LIST. */
bool nacos_add_service(struct buf *query, const struct nacos_config *config, const char *service);

/* --- Replies ------------------------------------------------------------------------------- */

enum nacos_result {
    NACOS_OK,
    NACOS_UNKNOWN_INSTANCE, /* of a heartbeat: register again */
    NACOS_FAILED,
};

/* The result of a request other than a list, from status and body. NACOS_FAILED sets err to Nacos' own words. */
enum nacos_result nacos_parse_result(int status, const char *body, size_t len, struct err *err);
/* The same for what stands around a list. */
enum nacos_result nacos_parse_envelope(const char *body, size_t len, struct err *err);

/* The member of the reply that is the list. */
const char *nacos_list_member(enum nacos_api api);
/* An entry of a list: list_read_entry. */
const char *nacos_read_entry(const json_t *entry, struct instance *instance);

/* The body of a login. */
bool nacos_add_login(struct buf *body, const char *username, const char *password);
/* The token, and how long it lives. 0, or -1: not a login's reply. */
int nacos_parse_login(const char *body, size_t len, char *token, size_t size, int64_t *ttl_ms, struct err *err);

#endif
