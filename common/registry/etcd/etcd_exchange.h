/* etcd_exchange: one request of the etcd registry and its reply. Shared by the two halves of the registry:
 * etcd.c, where an instance registers, and etcd_fetch.c, where callers read the list.
 */
#ifndef REGISTRY_ETCD_EXCHANGE_H
#define REGISTRY_ETCD_EXCHANGE_H

#include "registry/etcd/etcd_http.h"
#include "registry/registry.h"

/* What our key holds, as far as we know. */
struct etcd_written {
    uint64_t hash;       /* of the last put: an equal one is not sent again */
    bool may_be_passing; /* callers may call us */
};

struct etcd {
    struct registry base;
    struct etcd_http http;
    bool healthy; /* as in the last heartbeat */
    struct etcd_written written;
};

struct etcd_exchange {
    struct buf body;
    struct http_response response;
};

/* In bytes. Large, because a request for a page of a list holds the last key of the page before, which may
 * have any length. */
enum { ETCD_REQUEST_CAP = 16 * 1024 * 1024 };

#define ETCD_EXCHANGE_INIT {.body = BUF_INIT(ETCD_REQUEST_CAP), .response = HTTP_RESPONSE_INIT}

/* has_body: the result of the etcd_add_… function that wrote the body. 0: etcd replied, whatever the status. */
int etcd_send(struct etcd *etcd, const char *path, struct etcd_exchange *exchange, bool has_body, int64_t deadline,
              struct err *err);
void etcd_exchange_close(struct etcd_exchange *exchange);

#endif
