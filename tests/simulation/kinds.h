/* kinds: what differs between the kinds of registry, as data. The simulated registries have one code, which reads
 * these rows.
 */
#ifndef SIMULATION_KINDS_H
#define SIMULATION_KINDS_H

#include <stdbool.h>
#include <stdint.h>

/* Which requests fail while the servers have no leader. Nacos (for instances that send heartbeats) and Eureka have
 * none. */
enum leader_need { NEEDED_FOR_LISTS, NEEDED_FOR_ALL, NEVER_NEEDED };

struct sim_kind {
    const char *name; /* also the value of X-Discovery-Source */
    enum leader_need leader;
    bool makes_checks;      /* Consul: it checks instances itself, reaps critical ones, and takes heartbeats only with
                             * a TTL check. The others only count heartbeats */
    bool polls;             /* without an index: each query gets the list at once */
    bool names_nodes;       /* and may list an instance at several of them */
    bool knows_maintenance; /* an operator can set it there */
    bool shows_unhealthy;   /* Nacos: without heartbeats first critical, and removed after twice that time */
    bool keeps_dead;        /* Eureka's self-preservation: without most heartbeats none is removed */
    int64_t evicts_each_ms; /* Eureka: removed only at these times; 0: at once */
    int64_t cache_ms;       /* Eureka: its list may be this old */
};

enum { SIM_CONSUL, SIM_ETCD, SIM_NACOS, SIM_EUREKA, SIM_KINDS };

extern const struct sim_kind sim_kinds[SIM_KINDS];

#endif
