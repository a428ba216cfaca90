/* options: the settings of the playground, from its arguments and the environment. */
#ifndef PLAYGROUND_OPTIONS_H
#define PLAYGROUND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "net/url.h"

struct options {
    bool observes; /* only looks at services that others have started: in containers */
    const char *bind_address;
    int64_t port; /* of the page */

    /* Control mode: the stack that the playground starts. A port 0: any free one. */
    int64_t consul_port, user_port, order_port;
    bool etcd;
    int policy; /* index into BALANCE_POLICY_NAMES */
    int64_t ttl_ms, slow_start_ms;

    /* Observe mode. */
    const char *orders_text, *consul_text;
    struct url orders_url, consul_url;
};

enum options_action { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_HEALTHCHECK };

/* 0, or -1 with the one line to show. */
int options_read(struct options *options, int argc, char **argv, enum options_action *action, struct err *err);
void options_help(void);

#endif
