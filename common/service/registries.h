/* registries: the registries that the settings name, and this instance's
 * registration in each of them.
 *
 * The registry clients are created first. Registration follows when the instance
 * listens. In between, the service can already discover other services.
 * Registering goes down these steps, one function each:
 *
 *   registries_register         in every registry
 *   registration_register       starts the fibers that register and stay registered
 *   registry_register           one call to the registry, counted
 *   ops->register_instance      consul_register, etcd_register, …: the request
 */
#ifndef SERVICE_REGISTRIES_H
#define SERVICE_REGISTRIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "config/config_source.h"
#include "registration/registration.h"
#include "registry/registry.h"
#include "service/health.h"
#include "service/registry_order.h"
#include "service/settings.h"

struct http_client;

/* Zero-initialise. */
struct registries {
    struct registry *at[KINDS]; /* most trusted first */
    struct registration *registrations[KINDS];
    size_t count;
    struct config_source *config; /* the configuration center of the most trusted registry that has one; or NULL */
};

/* Creates the registry clients. 0, or -1 with err: a setting cannot be used. */
int registries_open(struct registries *registries, const struct settings *settings, struct http_client *http,
                    struct err *err);
/* Registers in all registries, in the background. `port` is the one the service
 * listens on. 0, or -1: out of memory. */
int registries_register(struct registries *registries, const struct settings *settings, uint16_t port,
                    struct health *health);
/* --- Changes while it runs: registration.h --------------------------------------- */

void registries_set_weight(struct registries *registries, int weight);
void registries_set_maintenance(struct registries *registries, bool on, const char *reason);
/* True: all registries have all changes. */
bool registries_are_current(const struct registries *registries);
int registries_weight(const struct registries *registries); /* 0: not registered in any */
/* The reason for maintenance, in any of them; NULL: none. Borrowed until the next wait. */
const char *registries_maintenance(const struct registries *registries);

/* --- Stop ------------------------------------------------------------------------- */

/* Deregisters from all registries at the same time. Waits, at most until the
 * deadline. May be called twice. */
void registries_deregister(struct registries *registries, int64_t deadline);
void registries_close(struct registries *registries); /* after registries_deregister */

void registries_metrics(const struct registries *registries, struct buf *out);

#endif
