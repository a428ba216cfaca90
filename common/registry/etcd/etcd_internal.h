/* etcd_internal: what the halves of the etcd registry share: etcd.c, where an
 * instance says that it is there, and etcd_fetch.c, where others find it.
 */
#ifndef REGISTRY_ETCD_INTERNAL_H
#define REGISTRY_ETCD_INTERNAL_H

#include "registry/etcd/etcd_http.h"
#include "registry/registry.h"

struct etcd {
    struct registry base;
    struct etcd_http http;
    bool healthy;  /* as the last heartbeat had it */
    uint64_t told; /* hash of the last put: what need not be put again */
};

/* One call: what is sent, what comes back. */
struct etcd_exchange {
    struct buf body;
    struct http_response response;
};

/* Bytes: the key after which a page of a list begins may be of any length. */
enum { ETCD_REQUEST_CAP = 16 * 1024 * 1024 };

#define ETCD_EXCHANGE_INIT {.body = BUF_INIT(ETCD_REQUEST_CAP), .response = HTTP_RESPONSE_INIT}

/* has_body: what the etcd_add_… of the body returned. 0: etcd answered, whatever the status. */
int etcd_ask(struct etcd *etcd, const char *path, struct etcd_exchange *exchange, bool has_body, int64_t deadline,
             struct err *err);
void etcd_exchange_close(struct etcd_exchange *exchange);

/* As registry_fetch, for etcd. */
int etcd_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
               int64_t deadline, struct instance_list **list, struct err *err);

#endif
