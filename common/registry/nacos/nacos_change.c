#include "registry/nacos/nacos_change.h"

#include <string.h>

#include "base/clock.h"

struct change {
    struct nacos_http *http;
    const struct nacos_sent *sent;
    char *local_address; /* NULL: not wanted any more */
};

/* server NULL: any. */
static enum nacos_result change_at(const struct change *change, const struct url *server, int64_t deadline,
                                   struct err *err)
{
    struct http_response response = HTTP_RESPONSE_INIT;
    enum nacos_result result = NACOS_FAILED;
    int rc = server ? nacos_http_send(change->http, server, change->sent, deadline, &response, err)
                    : nacos_http_call(change->http, change->sent, deadline, &response, err);
    if (rc == 0) {
        result = nacos_parse_result(response.status, buf_text(&response.body), response.body.len, err);
        if (change->local_address)
            memcpy(change->local_address, response.local_address, ADDRESS_MAX);
    }
    http_response_close(&response);
    return result;
}

/* A server that is down hears of the instance when it is back: it does not know the next heartbeat. */
static enum nacos_result combine(enum nacos_result one, enum nacos_result other)
{
    if (one == NACOS_UNKNOWN_INSTANCE || other == NACOS_UNKNOWN_INSTANCE)
        return NACOS_UNKNOWN_INSTANCE;
    return one == NACOS_OK ? NACOS_OK : other;
}

/* If our address is not the same to all servers, that of the first success counts: an entry has one. */
static enum nacos_result change_at_each(struct change *change, int64_t deadline, struct err *err)
{
    const struct servers *servers = &change->http->servers;
    enum nacos_result result = NACOS_FAILED;
    for (size_t i = 0; i < servers->count && err->code != ERR_CANCELLED; i++) {
        int64_t share = deadline_in(deadline_left(deadline) / (int64_t)(servers->count - i));
        err_clear(err);
        result = combine(result, change_at(change, &servers->urls[i], share, err));
        if (result == NACOS_OK)
            change->local_address = NULL;
    }
    if (result != NACOS_FAILED)
        err_clear(err);
    return result;
}

enum nacos_result nacos_change(struct nacos_http *http, const struct nacos_sent *sent, int64_t deadline,
                               char local_address[ADDRESS_MAX], struct err *err)
{
    struct change change = {http, sent, local_address};
    return sent->api == NACOS_API_V3 ? change_at_each(&change, deadline, err) : change_at(&change, NULL, deadline, err);
}
