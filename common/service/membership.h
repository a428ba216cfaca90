/* membership: the registries that the settings name, and our registration in each.
 *
 * Making a registry and registering in it are apart: callers discover through
 * the same registries, and they may look before we are in.
 */
#ifndef SERVICE_MEMBERSHIP_H
#define SERVICE_MEMBERSHIP_H

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
struct membership {
    struct registry *registries[REGISTRIES_MAX]; /* in the order of trust */
    struct registration *registrations[REGISTRIES_MAX];
    size_t count;
};

/* 0, or -1 with err: a setting cannot be used. */
int membership_open(struct membership *membership, const struct settings *settings, struct http_client *http,
                    struct err *err);
/* Registers in all of them, in the background; `port` is the one we listen on. 0, or -1 out of memory. */
int membership_join(struct membership *membership, const struct settings *settings, uint16_t port,
                    struct health *health);
/* Deregisters from all of them at once; waits, at most until the deadline. May be called twice. */
void membership_leave(struct membership *membership, int64_t deadline);
void membership_close(struct membership *membership); /* after leave */

void membership_metrics(const struct membership *membership, struct buf *out);

#endif
