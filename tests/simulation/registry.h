/* registry: the simulated registries, with the semantics of Consul, etcd, Nacos and Eureka.
 *
 *   consul  has an index, blocking queries, health checks (HTTP, gRPC and TCP, which it makes
 *           itself; TTL, with heartbeats), reaping, and an operator's maintenance mode
 *   etcd    has an index and blocking queries. An instance that does not renew its lease is removed
 *   nacos   is polled. An instance without heartbeats is critical after 3 intervals, and removed after 6
 *   eureka  is polled, and its list is up to 30 s old. Once a minute it removes instances whose lease has
 *           run out, but none of them if less than 85 % of all send heartbeats (self-preservation)
 *
 * Each can refuse connections, hang, fail, be slow, have no leader, lose its state, report a wrong
 * list, or report a wrong index.
 */
#ifndef SIMULATION_REGISTRY_H
#define SIMULATION_REGISTRY_H

#include "loop/sync.h"
#include "registry/instance_list.h"
#include "simulation/instances.h"
#include "simulation/trace.h"
#include "simulation/traffic.h"

struct world;

enum mode { HEALTHY, REFUSES, HANGS, FAILS, HAS_NO_LEADER, IS_SLOW };

/* What is wrong with the index of each reply. */
enum index_fault { INDEX_CORRECT, INDEX_JUMPS, INDEX_FALLS };

struct sim_entry {
    bool used;
    uint16_t port;
    const char *address;
    bool passing;
    bool in_maintenance;
    bool is_to_be_in_maintenance;  /* an operator has decided so, and the entry has not been removed since */
    int64_t maintenance_ms;        /* since when */
    int failures;                  /* of its health check, in a row */
    int64_t check_ms;              /* the next check */
    int64_t verdict_ms;            /* when the check under way times out; 0: none is under way */
    int64_t ttl_until_ms;
    int64_t critical_since_ms;
    int64_t lost_ms;               /* when it was last removed, for any reason */
};

struct sim_registry {
    struct world *world;
    const struct settings *settings;
    const struct sim_instance *instances;
    struct trace *trace;
    const struct sim_kind *kind;
    enum mode mode;
    bool reports_empty;    /* although it has entries */
    uint64_t hidden_instances;  /* not in its list (has_bit) */
    uint64_t doubled_instances; /* twice in its list (has_bit), which then has an invalid entry, too */
    bool has_dead_node;         /* its list has each instance also at a node that is down, on a port without a process */
    enum index_fault index_fault;
    bool forgets_registrations;       /* accepts each registration, but does not store it */
    bool in_fault;
    int64_t healthy_since_ms;   /* DEADLINE_NONE: in a fault */
    int64_t silent_since_ms; /* since when it returns no list to any process; 0: it returns lists */
    uint64_t index;
    unsigned life;      /* counts restarts: a restart cuts off queries that wait for a reply */
    struct wait_queue changed, awake;
    struct sim_entry *entries; /* one for each instance */
    struct instance_list *list; /* of this index; NULL: not built yet */
    struct instance_list *cached; /* Eureka's response cache; NULL: empty */
    int64_t cached_ms;
    int64_t reap_ms, evict_ms; /* when it does so next */
    struct traffic traffic;
};

/* Before this call, set the pointers to the world. */
void sim_registry_open(struct sim_registry *registry, const struct sim_kind *kind);
void sim_registry_close(struct sim_registry *registry);

/* Cuts off queries that wait for a reply. forget: all state is lost, the index too. */
void sim_registry_restart(struct sim_registry *registry, bool forget, bool all_critical);
void sim_registry_set_mode(struct sim_registry *registry, enum mode mode);
/* The list has changed: answers blocking queries. */
void sim_registry_change(struct sim_registry *registry);
/* Removes these entries (has_bit). */
void sim_registry_lose(struct sim_registry *registry, uint64_t instances);
/* Removes this entry. */
void sim_registry_lose_one(struct sim_registry *registry, int instance);
/* When a TTL or a lease that is renewed now runs out. */
int64_t sim_registry_ttl_from_now(const struct sim_registry *registry);
/* The most trusted one in which an operator can set maintenance; NULL: there is none. */
struct sim_registry *sim_registry_with_maintenance(struct sim_registry *registries);
/* Is the instance registered with this port, and passing? */
bool sim_registry_has(const struct sim_registry *registry, int instance, uint16_t port);

#endif
