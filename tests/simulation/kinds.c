#include "simulation/kinds.h"

const struct sim_kind sim_kinds[SIM_KINDS] = {
    [SIM_CONSUL] = {.name = "consul", .leader = NEEDED_FOR_LISTS, .makes_checks = true, .names_nodes = true,
                    .knows_maintenance = true},
    [SIM_ETCD] = {.name = "etcd", .leader = NEEDED_FOR_ALL},
    [SIM_NACOS] = {.name = "nacos", .leader = NEVER_NEEDED, .polls = true, .knows_maintenance = true,
                   .shows_unhealthy = true},
    [SIM_EUREKA] = {.name = "eureka", .leader = NEVER_NEEDED, .polls = true, .knows_maintenance = true,
                    .keeps_dead = true, .evicts_each_ms = 60000, .cache_ms = 30000},
};
