#include "spring_error.h"

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {{400, "Bad Request"}, {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
                   {429, "Too Many Requests"}, {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Internal Server Error";
}

void spring_error(const struct request *request, struct reply *reply, int status, const char *message)
{
    reply->status = status;
    buf_clear(&reply->head);
    buf_clear(&reply->body);
    buf_adds(&reply->head, "Content-Type: application/json\r\n");
    buf_addf(&reply->body, "{\"timestamp\":\"2026-11-29T09:32:28.584+00:00\",\"status\":%d,\"error\":\"%s\",", status,
             reason_of(status));
    if (message)
        buf_addf(&reply->body, "\"message\":\"%s\",", message);
    buf_addf(&reply->body, "\"path\":\"%s\"}", request->path);
}
