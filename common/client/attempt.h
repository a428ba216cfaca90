/* attempt: one GET to one instance, and what its result means for the call. */
#ifndef CLIENT_ATTEMPT_H
#define CLIENT_ATTEMPT_H

#include <stdbool.h>

#include "client/service_call.h"
#include "registry/instance.h"

struct attempt {
    enum service_outcome outcome;
    bool blames_instance; /* the failure counts towards the ejection of the instance */
    bool may_retry;
    bool was_cancelled; /* by its caller: it shows nothing about the instance */
};

/* Calls this instance and fills the reply. Waits. */
struct attempt attempt_make(const struct service_transport *transport, const struct service_call *call,
                            const struct instance *instance, int64_t deadline, struct service_reply *reply);

#endif
