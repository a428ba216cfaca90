/* registries: the registries that the settings name, and our registration in each.
 *
 * Making a registry and registering in it are apart: callers discover through
 * the same registries, and they may look before we are in.
 */
#ifndef SERVICE_REGISTRIES_H
#define SERVICE_REGISTRIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "registration/registration.h"
#include "registry/registry.h"
#include "service/health.h"
#include "service/settings.h"

struct http_client;

enum { REGISTRIES_MAX = 2 }; /* Consul, etcd */

/* Zero-initialise. */
struct registries {
    struct registry *at[REGISTRIES_MAX]; /* in the order of trust */
    struct registration *registrations[REGISTRIES_MAX];
    size_t count;
};

/* 0, or -1 with err: a setting cannot be used. */
int registries_open(struct registries *registries, const struct settings *settings, struct http_client *http,
                    struct err *err);
/* Registers in all of them, in the background; `port` is the one we listen on. 0, or -1 out of memory. */
int registries_register(struct registries *registries, const struct settings *settings, uint16_t port,
                    struct health *health);
/* Deregisters from all of them at once; waits, at most until the deadline. May be called twice. */
void registries_deregister(struct registries *registries, int64_t deadline);
void registries_close(struct registries *registries); /* after leave */

void registries_metrics(const struct registries *registries, struct buf *out);

#endif
