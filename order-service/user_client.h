/* user_client: user-service as order-service sees it. The lesson's get_user. */
#ifndef USER_CLIENT_H
#define USER_CLIENT_H

#include "client/service_client.h"

struct user_client {
    struct service_client *client;
    const char *service; /* USER_SERVICE_NAME */
};

/* GET /users/{id}, by way of discovery; the reply is the caller's to close. The
 * user's id is the key of consistent_hash: one user, one instance, one cache. */
void user_client_get(const struct user_client *user_client, const char *id, const struct trace_context *trace,
                       struct service_reply *reply);

enum user_verdict { USER_EXISTS, USER_UNKNOWN, USER_UNVERIFIED };

/* What such a reply says about the user. */
enum user_verdict user_client_judge(const struct service_reply *reply);

#endif
