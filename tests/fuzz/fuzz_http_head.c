/* Fuzzes the code that reads headers: headers of a reply, in the form in which curl delivers
 * them, and of a request, in the form in which libmicrohttpd delivers them. */
#include <strings.h>

#include "fuzz/fuzz.h"
#include "net/http_client.h"
#include "net/http_internal.h"
#include "net/http_request.h"

/* A value is one line without blanks around it, cut to size. */
static void read_reply(const char *text, size_t len)
{
    static const char *const names[] = {"X-Consul-Index", "X-Consul-KnownLeader", "x-consul-lastcontact"};
    struct http_response response = HTTP_RESPONSE_INIT;
    if (!buf_add(&response.head, text, len)) /* over 32 KiB: http_call rejects the reply */
        return http_response_close(&response);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char value[24];
        if (http_response_header(&response, names[i], value, sizeof value) &&
            (strlen(value) >= sizeof value || strpbrk(value, "\r\n") || *value == ' ' || *value == '\t'))
            abort();
    }
    http_response_close(&response);
}

static void read_request(const char *value)
{
    static const char json[] = "application/json";
    struct http_request req = {.head = BUF_INIT(1 << 20)};
    if (buf_add(&req.head, "content-type", sizeof "content-type") && buf_add(&req.head, value, strlen(value) + 1)) {
        if (http_header_count(&req, "Content-Type") != 1 || strcmp(http_header(&req, "Content-Type"), value) != 0)
            abort();
        if (http_body_is_json(&req) && strncasecmp(value, json, sizeof json - 1) != 0)
            abort();
    }
    buf_close(&req.head);
}

FUZZ(text, len)
{
    read_reply(text, len);
    read_request(text);
}
