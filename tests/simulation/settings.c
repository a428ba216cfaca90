#include "simulation/settings.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/rand.h"

bool chance(int percent)
{
    return rand_below(100) < (uint64_t)percent;
}

int64_t between(int64_t low, int64_t high)
{
    return low + (int64_t)rand_below((uint64_t)(high - low) + 1);
}

/* One to three kinds, in any order of trust. In half of the runs Consul comes first, because it has the most states. */
static void draw_kinds(struct settings *s)
{
    int left[SIM_KINDS] = {SIM_CONSUL, SIM_ETCD, SIM_NACOS, SIM_EUREKA};
    s->registries = chance(70) ? 1 : chance(75) ? 2 : 3;
    for (int i = 0; i < s->registries; i++) {
        int at = i + (int)rand_below((uint64_t)(SIM_KINDS - i));
        int drawn = i == 0 && chance(50) ? SIM_CONSUL : left[at];
        for (int k = i; k < SIM_KINDS; k++)
            if (left[k] == drawn)
                left[k] = left[i];
        left[i] = drawn;
        s->kinds[i] = &sim_kinds[drawn];
    }
}

/* In a third of the runs. Every third instance is the canary (settings_version). */
static void draw_canary(struct settings *s)
{
    static const char *const shares[] = {"version=2.0.0:0%", "version=2.0.0:10%", "version=2.0.0:50%",
                                         "version=2.0.0:100%"};
    canary_parse(chance(33) ? shares[rand_below(4)] : "", &s->route.canary);
}

void settings_draw(struct settings *s)
{
    static const int64_t jitters[] = {0, 2000, 30000}, intervals[] = {1000, 5000, 10000};
    static const enum check_kind checks[] = {CHECK_HTTP, CHECK_HTTP, CHECK_HTTP, CHECK_TTL,
                                             CHECK_TTL,  CHECK_TCP,  CHECK_GRPC, CHECK_NONE};
    draw_kinds(s);
    s->instances = (int)(chance(30) ? between(1, 4) : between(5, 50));
    s->callers = (int)between(1, 3);
    s->zones = (int)(chance(50) ? 0 : between(1, 3));
    s->jitter_ms = jitters[rand_below(3)];
    s->reconcile_ms = between(1, 10) * 1000;
    s->check = checks[rand_below(sizeof checks / sizeof *checks)];
    s->check_interval_ms = intervals[rand_below(3)];
    s->check_timeout_ms = between(1, 5) * 1000;
    s->deregister_after_ms = between(1, 5) * 60000;
    s->ttl_ms = between(3, 30) * 1000;
    s->poll = chance(25);
    s->has_static = chance(20);
    s->policy = (enum balance_policy)rand_below(5);
    s->call_timeout_ms = between(3, 30) * 100;
    s->call_every_ms = between(20, 1000);
    s->fault_every_ms = between(3, 60) * 1000;
    s->only_rolling = chance(10);
    s->slow_start_ms = chance(50) ? 0 : between(1, 60) * 1000;
    s->backup_after_ms = chance(50) ? 0 : between(1, 100);
    if (chance(15)) { /* few instances with many calls: enough for a verdict on their failure rates */
        s->instances = (int)between(2, 6);
        s->call_every_ms = between(3, 15);
    }
    draw_canary(s);
}

void settings_for_size(struct settings *s, int callers, int instances)
{
    *s = (struct settings){
        .registries = 1, .kinds = {&sim_kinds[SIM_CONSUL]}, .instances = instances, .callers = callers,
        .is_large = (int64_t)callers * instances > OBSERVATIONS_MAX, .jitter_ms = 30000, .reconcile_ms = 5000,
        .check = CHECK_HTTP, .check_interval_ms = 10000, .check_timeout_ms = 5000, .deregister_after_ms = 300000,
        .ttl_ms = 30000, .policy = BALANCE_ROUND_ROBIN, .call_timeout_ms = 3000, .call_every_ms = 200,
    };
}

const char *settings_zone(const struct settings *settings, int number)
{
    static const char *const zones[] = {"zone-a", "zone-b", "zone-c"};
    return settings->zones == 0 ? "" : zones[number % settings->zones];
}

const char *settings_version(const struct settings *settings, int number)
{
    return settings->route.canary.by == CANARY_NONE ? "" : number % 3 == 2 ? settings->route.canary.value : "1.0.0";
}

static const char *check_name(enum check_kind check)
{
    static const char *const names[] = {
        [CHECK_HTTP] = "http", [CHECK_TCP] = "tcp", [CHECK_TTL] = "ttl", [CHECK_GRPC] = "grpc", [CHECK_NONE] = "none"};
    return names[check];
}

static const char *policy_name(enum balance_policy policy)
{
    static const char *const names[] = {[BALANCE_RANDOM] = "random",
                                        [BALANCE_ROUND_ROBIN] = "round_robin",
                                        [BALANCE_WEIGHTED] = "weighted",
                                        [BALANCE_CONSISTENT_HASH] = "consistent_hash",
                                        [BALANCE_LEAST_REQUEST] = "least_request"};
    return names[policy];
}

void settings_write(const struct settings *s)
{
    char canary[CANARY_VALUE_MAX + 20];
    canary_text(&s->route.canary, canary, sizeof canary);
    for (int i = 0; i < s->registries; i++)
        fprintf(stderr, "%s%s", i > 0 ? "," : "registries ", s->kinds[i]->name);
    fprintf(stderr,
            ", instances %d, callers %d, zones %d%s%s\n"
            "check %s each %" PRId64 " ms, timeout %" PRId64 "; reaped after %" PRId64 "; jitter %" PRId64
            ", reconcile %" PRId64 "\n"
            "%s with ttl %" PRId64 "; %s, slow start %" PRId64 "; a call each %" PRId64 " within %" PRId64
            ", backup after %" PRId64 "; a fault each %" PRId64 "%s%s\n",
            s->instances, s->callers, s->zones, s->has_static ? ", with a static list" : "",
            s->only_rolling ? ", only rolling restarts" : "", check_name(s->check), s->check_interval_ms,
            s->check_timeout_ms, s->deregister_after_ms, s->jitter_ms, s->reconcile_ms, s->poll ? "poll" : "watch",
            s->ttl_ms, policy_name(s->policy), s->slow_start_ms, s->call_every_ms, s->call_timeout_ms,
            s->backup_after_ms, s->fault_every_ms, *canary ? "; canary " : "", canary);
}
