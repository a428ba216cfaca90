/* discovery: the instances of a service, from the best source that is available.
 *
 * Each watched service has one fiber for each registry (watch.h), which keeps the
 * list up to date in the background. A caller only reads the list: once it is known,
 * no request waits for a registry, whether that is up, hung or down. During an outage
 * the list ages, and less trusted sources stand in (sources.h), but it does not vanish.
 * An instance that disappears from the list may still be running (merged_list.h).
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

/* The values of DISCOVERY_MODE, in the order of the enum below: the setting is an index
 * into both. */
#define DISCOVERY_MODE_NAMES "watch|poll"

enum discovery_mode {
    DISCOVERY_WATCH, /* a query waits in the registry until the list changes */
    DISCOVERY_POLL,  /* a query every half TTL */
};

/* Text is borrowed while the discovery lives. */
struct discovery_config {
    struct registry *const *registries; /* in order of trust; they outlive it */
    size_t registry_count;              /* at most 4; 0: static and disk only */
    int64_t ttl_ms;        /* a list is fresh for this long after it was confirmed */
    enum discovery_mode mode;
    int64_t retry_cap_ms;  /* longest backoff while a registry fails */
    const char *static_instances; /* see static_list.h; "" for none */
    const char *snapshot_dir;     /* folder of the disk snapshots; "" for none */
};

/* The list of a service that is in use. Borrowed until the calling fiber waits. */
struct discovery_view {
    struct instance_list *list; /* NULL: no list yet */
    const bool *missing;        /* one for each entry, or NULL: none is missing */
    uint64_t version;           /* changes with the list; 0: no list yet */
    const char *source;         /* "consul", "etcd", "nacos", "eureka", "cache", "disk", "static"; "": no list yet */
    int64_t age_ms;             /* since the list was confirmed */
    uint64_t index;             /* of the list in its registry: Consul's index, etcd's revision; else 0 */
    const char *last_error;     /* of a registry that fails now; NULL: none fails */
};

/* Checks the value of STATIC_INSTANCES. 0, or -1: not well-formed. */
int discovery_check_static(const char *text);

/* NULL: out of memory, or static_instances is not well-formed. */
struct discovery *discovery_new(const struct discovery_config *config);
/* Starts to watch a service. 0, or -1: out of memory or fibers. */
int discovery_watch(struct discovery *discovery, const char *service);
/* Changes ttl_ms: how long a list counts as fresh at once, and the pace of the queries from the next one on. */
void discovery_set_ttl(struct discovery *discovery, int64_t ttl_ms);
/* Ends the fibers and waits for their end; call it in a fiber. Then the discovery may be freed. */
void discovery_stop(struct discovery *discovery);
void discovery_free(struct discovery *discovery); /* NULL is allowed */

/* The list in use now; never waits. 0, or -1: this service is not watched. */
int discovery_look(struct discovery *discovery, const char *service, struct discovery_view *view);
/* True: the last query to at least one registry succeeded. `failing` gets the errors of the others ("" for none). */
bool discovery_any_registry_up(struct discovery *discovery, const char *service, char *failing, size_t size);
/* Like discovery_look, but without a list it waits until the first query to each registry has
 * ended, or until the deadline. 0 with a list, or -1 with the reason. */
int discovery_get(struct discovery *discovery, const char *service, int64_t deadline, struct discovery_view *view,
                  struct err *err);
/* A call to this instance failed: if it is missing from the registry's list, it is removed; after a timeout only if
 * the registry names another. */
void discovery_report_failure(struct discovery *discovery, const char *service, const struct instance *instance,
                              bool timed_out);

/* The services that are watched. */
size_t discovery_count(const struct discovery *discovery);
const char *discovery_service(const struct discovery *discovery, size_t i);

void discovery_metrics(struct discovery *discovery, struct buf *out);

#endif
