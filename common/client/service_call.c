#include "client/service_call.h"

const char *service_outcome_name(enum service_outcome outcome)
{
    static const char *const names[SERVICE_OUTCOMES] = {
        [SERVICE_OK] = "ok",         [SERVICE_NO_INSTANCE] = "no_instance", [SERVICE_UNREACHABLE] = "unreachable",
        [SERVICE_FAILED] = "failed", [SERVICE_BROKEN] = "broken",           [SERVICE_TIMED_OUT] = "timed_out",
    };
    return names[outcome];
}

void service_reply_reset(struct service_reply *reply)
{
    buf_clear(&reply->body);
    err_clear(&reply->err);
    reply->status = 0;
    reply->instance[0] = '\0';
    reply->source = "";
}

void service_reply_close(struct service_reply *reply)
{
    buf_close(&reply->body);
}
