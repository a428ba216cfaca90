/* nacos_request: the requests of Nacos' HTTP API, as pure functions that do no I/O.
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
 */
#ifndef REGISTRY_NACOS_REQUEST_H
#define REGISTRY_NACOS_REQUEST_H

#include <stdbool.h>

#include "base/buf.h"
#include "registry/nacos/nacos_config.h"
#include "registry/registration_spec.h"

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

#endif
