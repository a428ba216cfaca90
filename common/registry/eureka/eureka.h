/* eureka: Netflix' registry, which Spring Cloud made known (the lesson's fourth kind).
 *
 * Eureka checks no instance: an instance renews its lease with heartbeats, and the server evicts it when they
 * stay out. It is available rather than consistent: each server answers from what it knows, its peers copy
 * registrations from each other, and when many heartbeats are missing at once it evicts no instance at all
 * (self-preservation). So dead instances stay listed, and the caller's own ejection has to leave them out.
 *
 * The calls go to the REST API of the servers (github.com/Netflix/eureka/wiki/Eureka-REST-operations). A list
 * is read whole: /apps/{APP} has no ETag, and /apps/delta holds the changes of all applications of the last
 * three minutes, which a client has to merge and to check by a hash; it saves nothing for one service.
 */
#ifndef REGISTRY_EUREKA_H
#define REGISTRY_EUREKA_H

#include "base/err.h"
#include "registry/eureka/eureka_http.h"
#include "registry/registry.h"

struct http_client;

/* url: as eureka_check_url. NULL with err: it cannot be used, or out of memory. */
struct registry *eureka_new(const char *url, struct http_client *http, struct err *err);

#endif
