#include "registry/consul/consul_exchange.h"

#include <string.h>

void consul_exchange_close(struct consul_exchange *exchange)
{
    buf_close(&exchange->path);
    buf_close(&exchange->body);
    http_response_close(&exchange->response);
}

int consul_send_call(struct consul *consul, struct consul_exchange *exchange, const struct http_call *call,
                     struct err *err)
{
    if (consul_http_call(&consul->http, call, &exchange->response, err) != 0)
        return -1;
    memcpy(consul->base.local_address, exchange->response.local_address, sizeof consul->base.local_address);
    return 0;
}

int consul_send(struct consul *consul, const char *method, struct consul_exchange *exchange, int64_t deadline,
                struct err *err)
{
    const struct http_call call = {
        .method = method,
        .path = buf_text(&exchange->path),
        .body = exchange->body.len ? exchange->body.data : NULL,
        .body_len = exchange->body.len,
        .deadline = deadline,
        .body_cap = CONSUL_SMALL_REPLY,
    };
    return consul_send_call(consul, exchange, &call, err);
}

int consul_send_for_id(struct consul *consul, const char *method, struct consul_exchange *exchange, const char *path,
                       const char *id, int64_t deadline, struct err *err)
{
    if (!buf_adds(&exchange->path, path) || !url_add_segment(&exchange->path, id))
        return err_set(err, ERR_INVALID, "consul: cannot use the id %.60s…: it is too long", id);
    return consul_send(consul, method, exchange, deadline, err);
}
