/* settings: the settings that a seed draws, within the ranges that the programs accept; and the
 * constants that are the same in each run. */
#ifndef SIMULATION_SETTINGS_H
#define SIMULATION_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "balance/balancer.h"
#include "registry/registry.h"
#include "simulation/kinds.h"

enum {
    REGISTRIES_MAX = 3,
    INSTANCES_MAX = 20000,    /* so that each has three ports (instances.h) */
    CALLERS_MAX = 5000,
    OBSERVATIONS_MAX = 10000, /* callers × instances; more is a large world */
};

#define SERVICE "user-service"

/* How the simulated registries behave, whatever the seed. */
enum {
    HOP_MS = 3,                   /* the longest time that a message takes without a fault */
    LATE_MS = 50,                 /* a message whose sender gave up may still arrive within this time */
    CHECKER_TICK_MS = 100,
    FAILURES_BEFORE_CRITICAL = 2, /* as consul_wire.c registers */
    TTL_INTERVALS = 3,            /* the TTL of a check, and of a lease, in check intervals; Eureka gets half of
                                   * that, because it lets a lease live twice as long */
};

struct settings {
    int registries, instances, callers;
    bool is_large; /* what each caller sees of each instance is not recorded, and not all is checked after each event */
    const struct sim_kind *kinds[REGISTRIES_MAX]; /* of the registries: the most trusted first */
    int zones; /* 0: the instances and callers have no zone */
    int64_t jitter_ms, reconcile_ms;
    enum check_kind check;
    int64_t check_interval_ms, check_timeout_ms, deregister_after_ms;
    int64_t ttl_ms;
    bool poll;
    bool has_static; /* callers have a static list: the first ports of all instances */
    enum balance_policy policy;
    struct route route; /* in some runs a part of the instances is the canary */
    int64_t slow_start_ms;
    int64_t call_timeout_ms, call_every_ms;
    int64_t backup_after_ms; /* 0: no backup requests */
    int64_t fault_every_ms; /* on average */
    bool only_rolling;      /* no faults, only rolling restarts */
};

void settings_draw(struct settings *settings);
/* One Consul, and what the programs have without settings. */
void settings_for_size(struct settings *settings, int callers, int instances);
/* To standard error. */
void settings_write(const struct settings *settings);

/* The zone of an instance or a caller; "" for none. */
const char *settings_zone(const struct settings *settings, int number);

/* The version of an instance: of the canary, or another one. */
const char *settings_version(const struct settings *settings, int number);

/* Is the instance in a set that was drawn as 64 bits? In a large world each bit stands for several instances. */
static inline bool has_bit(uint64_t set, int instance)
{
    return set >> (instance % 64) & 1;
}

/* True with this probability, in percent. */
bool chance(int percent);
/* Uniform, from `low` to `high`, both included. */
int64_t between(int64_t low, int64_t high);

#endif
