#include "user_client.h"

#include <stdio.h>

#include "base/clock.h"
#include "service/input.h"

enum { USER_BODY_MAX = 64 * 1024 }; /* bytes; a user has 4 KB at most, a faulty instance may send more */

void user_client_get(const struct user_client *user_client, const char *id, const struct trace_context *trace,
                     struct service_reply *reply)
{
    char path[ID_SIZE + 8];
    snprintf(path, sizeof path, "/users/%s", id);
    const struct service_call call = {
        .service = user_client->service,
        .path = path,
        .key = id,
        .trace = trace,
        .deadline = DEADLINE_NONE, /* CALL_TIMEOUT applies */
        .body_cap = USER_BODY_MAX,
    };
    service_client_get(user_client->client, &call, reply);
}

enum user_verdict user_client_judge(const struct service_reply *reply)
{
    if (reply->outcome == SERVICE_OK && reply->status == 200)
        return USER_EXISTS;
    if (reply->outcome == SERVICE_OK && reply->status == 404)
        return USER_UNKNOWN;
    return USER_UNVERIFIED;
}
