/* The simulated registries: Consul's and etcd's semantics as the real code meets them.
 *
 * The first is a Consul: it has an index, blocking queries, checks that it makes
 * itself (HTTP, gRPC and TCP, with failures before critical) or is told of (TTL), a
 * reaper, and an operator's maintenance. The second, where there is one, is an
 * etcd: it checks nobody, and whoever does not renew its lease is gone. Either
 * can refuse, hang, fail, be slow, have no leader, forget, lie about who is there,
 * and let its index do what it likes.
 */
#ifndef SIMULATION_REGISTRY_H
#define SIMULATION_REGISTRY_H

#include "loop/sync.h"
#include "registry/instance.h"
#include "simulation/instances.h"
#include "simulation/trace.h"

struct world;

enum mode { WELL, REFUSES, HANGS, FAILS, HAS_NO_LEADER, IS_SLOW };

/* With each reply. */
enum index_whim { INDEX_TELLS, INDEX_JUMPS, INDEX_FALLS };

struct sim_entry {
    bool used;
    uint16_t port;
    const char *address;
    bool passing;
    bool in_maintenance;
    int64_t maintenance_ms;        /* since when */
    int failures;                  /* of its check, in a row */
    int64_t check_ms;              /* the next check */
    int64_t verdict_ms;            /* when a check that got no answer gives up; 0: none does */
    int64_t ttl_until_ms;
    int64_t critical_since_ms;
    int64_t lost_ms;               /* when it was last lost, by whomever's fault */
};

struct sim_registry {
    struct world *world;
    const struct settings *settings;
    const struct sim_instance *instances;
    struct trace *trace;
    const char *name;
    bool is_etcd;
    enum mode mode;
    bool says_empty;    /* though it knows better */
    uint64_t hides;     /* instances, one bit each */
    uint64_t doubles;   /* instances that it names twice, one bit each; and one that cannot be */
    enum index_whim index_whim;
    bool forgets;       /* says yes to each registration, and forgets it */
    bool in_fault;
    int64_t well_since_ms;   /* DEADLINE_NONE: in a fault */
    int64_t silent_since_ms; /* in a fault in which it gives no list to anybody; 0: it is not */
    uint64_t index;
    unsigned life;      /* another after each restart: what waited for a reply is cut off */
    struct wait_queue changed, awake;
    struct sim_entry entries[INSTANCES_MAX];
    struct instance_list *list; /* of this index; NULL: to be made */
    int64_t reap_ms;
};

/* The caller has set the pointers to the world. */
void sim_registry_open(struct sim_registry *registry, bool is_etcd);
void sim_registry_close(struct sim_registry *registry);

/* What waits for a reply is cut off; forget: and all state is gone, the index too. */
void sim_registry_restart(struct sim_registry *registry, bool forget, bool all_critical);
void sim_registry_set_mode(struct sim_registry *registry, enum mode mode);
/* Something about the list is different now: whoever waits for that is answered. */
void sim_registry_change(struct sim_registry *registry);
/* It has lost these, one bit each. */
void sim_registry_lose(struct sim_registry *registry, uint64_t instances);
/* When a TTL or a lease that is renewed now runs out. */
int64_t sim_registry_ttl_from_now(const struct sim_registry *registry);
/* Is this process there, and passes? */
bool sim_registry_has(const struct sim_registry *registry, int instance, uint16_t port);

#endif
