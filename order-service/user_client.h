/* user_client: calls user-service. The lesson's get_user: discovery finds the
 * instances, the load balancer picks one, the client retries on another. */
#ifndef USER_CLIENT_H
#define USER_CLIENT_H

#include "client/service_client.h"

struct user_client {
    struct service_client *client;
    const char *service; /* USER_SERVICE_NAME */
};

/* Sends GET /users/{id} to an instance that discovery knows. The caller closes the
 * reply. The user's id is the key of consistent_hash: with this policy all requests for
 * one user go to one instance, where simultaneous ones share one query. */
void user_client_get(const struct user_client *user_client, const char *id, const struct trace_context *trace,
                     struct service_reply *reply);

enum user_verdict { USER_EXISTS, USER_UNKNOWN, USER_UNVERIFIED };

/* USER_UNVERIFIED: the reply does not say whether the user exists. */
enum user_verdict user_client_judge(const struct service_reply *reply);

#endif
