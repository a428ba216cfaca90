/* discovery: who runs a service, as well as it can be known.
 *
 * Each service that is watched has a fiber for each registry (watch.h) that
 * keeps the known list true. A caller only looks: once a list is known, no
 * request ever waits for a registry, be it down, hung or gone. What is known
 * ages and comes from ever less trusted sources (sources.h), but it does not
 * vanish; what a registry suddenly no longer names is not dead yet (roster.h).
 */
#ifndef DISCOVERY_DISCOVERY_H
#define DISCOVERY_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "registry/registry.h"

struct discovery;

/* The names that DISCOVERY_MODE accepts, in the order of the enum below: the setting
 * is an index into both. */
#define DISCOVERY_MODE_NAMES "watch|poll"

enum discovery_mode {
    DISCOVERY_WATCH, /* a query waits in the registry until the list changes */
    DISCOVERY_POLL,  /* a query every half TTL */
};

/* Text is borrowed as long as it lives. */
struct discovery_config {
    struct registry *const *registries; /* in order of trust; they outlive it */
    size_t registry_count;              /* at most 4; 0: static and disk only */
    int64_t ttl_ms;        /* for so long after its confirmation a list is fresh */
    enum discovery_mode mode;
    int64_t retry_cap_ms;  /* longest wait between two tries at a registry that fails */
    const char *static_instances; /* see static_list.h; "" for none */
    const char *snapshot_dir;     /* last good lists are kept here; "" for none */
};

/* What is known of a service; borrowed until the fiber waits. */
struct discovery_view {
    struct instance_list *list; /* NULL: nothing is known */
    const bool *missing;        /* one for each entry, or NULL: none is */
    uint64_t version;           /* another list, another number; 0: none */
    const char *source;         /* "consul", "etcd", "cache", "disk", "static"; "" where nothing is known */
    int64_t age_ms;             /* since it was confirmed */
    uint64_t index;
    const char *last_error;     /* of a registry that fails now; NULL: none does */
};

/* For checking STATIC_INSTANCES: 0 or -1. */
int discovery_check_static(const char *text);

/* NULL: out of memory, or static_instances is not well-formed. */
struct discovery *discovery_new(const struct discovery_config *config);
/* Starts to watch a service. 0, or -1: out of memory or fibers. */
int discovery_watch(struct discovery *discovery, const char *service);
/* Ends the fibers and waits for that; then it may be freed. In a fiber. */
void discovery_stop(struct discovery *discovery);
void discovery_free(struct discovery *discovery); /* NULL is allowed */

/* What is known now; never waits. 0, or -1: this service is not watched. */
int discovery_look(struct discovery *discovery, const char *service, struct discovery_view *view);
/* Does at least one registry answer for this service now? In `failing` ("" for none), why the others do not. */
bool discovery_any_registry_up(struct discovery *discovery, const char *service, char *failing, size_t size);
/* The same as discovery_look, but where nothing is known yet, waits until each registry was asked
 * once. 0 with a list, or -1 with why there is none. */
int discovery_get(struct discovery *discovery, const char *service, int64_t deadline, struct discovery_view *view,
                  struct err *err);
/* A call to this instance failed: if the registry no longer names it, it is gone. */
void discovery_report_failure(struct discovery *discovery, const char *service, const char *id);

/* The services that are watched. */
size_t discovery_count(const struct discovery *discovery);
const char *discovery_service(const struct discovery *discovery, size_t i);

void discovery_metrics(struct discovery *discovery, struct buf *out);

#endif
