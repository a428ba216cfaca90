#include "registry/nacos/nacos_exchange.h"

int nacos_prepare(struct nacos *nacos, const char *service, int64_t deadline, struct err *err)
{
    int rc = nacos_http_prepare(&nacos->http, service, nacos->base.local_address, deadline, err);
    return rc == 0 ? 0 : err_prefix(err, "nacos");
}

int nacos_fail_too_long(struct err *err)
{
    return err_set(err, ERR_INVALID, "cannot write the request: too long, or out of memory");
}

void nacos_exchange_close(struct nacos_exchange *exchange)
{
    buf_close(&exchange->form);
    http_response_close(&exchange->response);
}
