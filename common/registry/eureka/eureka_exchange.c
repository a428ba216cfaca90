#include "registry/eureka/eureka_exchange.h"

#include <string.h>

int eureka_send(struct eureka *eureka, struct eureka_exchange *exchange, const struct eureka_request *request,
                int64_t deadline, struct err *err)
{
    if (eureka_http_call(&eureka->http, request, deadline, &exchange->response, err) != 0)
        return -1;
    memcpy(eureka->base.local_address, exchange->response.local_address, sizeof eureka->base.local_address);
    return 0;
}

int eureka_send_for(struct eureka *eureka, struct eureka_exchange *exchange, const char *method,
                    const struct registration_spec *spec, const char *id, int64_t deadline, struct err *err)
{
    const struct eureka_request request = {
        .method = method,
        .service = spec->service,
        .id = id,
        .body = exchange->body.len > 0 ? &exchange->body : NULL,
        .body_cap = EUREKA_REPLY_CAP,
    };
    return eureka_send(eureka, exchange, &request, deadline, err);
}

void eureka_exchange_close(struct eureka_exchange *exchange)
{
    buf_close(&exchange->body);
    http_response_close(&exchange->response);
}
