#include "registry/etcd/etcd_exchange.h"

#include <string.h>

/* etcd replies to these requests only while it has a leader. */
static void update_leader(struct registry *registry, const struct http_response *response)
{
    if (response->status == 200)
        registry->leader = LEADER_KNOWN;
    else if (strstr(buf_text(&response->body), "no leader"))
        registry->leader = LEADER_NONE;
}

int etcd_send(struct etcd *etcd, const char *path, struct etcd_exchange *exchange, bool has_body, int64_t deadline,
              struct err *err)
{
    struct http_response *response = &exchange->response;
    if (!has_body)
        return err_set(err, ERR_INVALID, "etcd: cannot write the request for %s: too long, or out of memory", path);
    if (etcd_http_call(&etcd->http, path, &exchange->body, deadline, response, err) != 0)
        return -1;
    memcpy(etcd->base.local_address, response->local_address, sizeof etcd->base.local_address);
    update_leader(&etcd->base, response);
    return 0;
}

void etcd_exchange_close(struct etcd_exchange *exchange)
{
    buf_close(&exchange->body);
    http_response_close(&exchange->response);
}
