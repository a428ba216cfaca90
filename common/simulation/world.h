/* world: who is in a simulation, and what each has to do with the others.
 *
 * One registry, up to 64 instances of one service, up to 4 callers of it. Each
 * instance and each caller is a process with a way of its own to the registry,
 * so that it can be cut off, frozen or killed alone.
 */
#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "balance/balancer.h"
#include "loop/sync.h"
#include "registry/registry.h"
#include "simulation/trace.h"

enum { INSTANCES_MAX = 64, CALLERS_MAX = 4, LIVES_MAX = 900, ATTEMPTS_MAX = 3 };

#define SERVICE "user-service"

/* Drawn anew for each seed, within what the programs accept. */
struct settings {
    int instances, callers;
    int64_t jitter_ms, reconcile_ms;
    enum check_kind check;
    int64_t check_interval_ms, check_timeout_ms, deregister_after_ms;
    int64_t ttl_ms;
    bool poll;
    enum balance_policy policy;
    int64_t call_timeout_ms, call_every_ms;
    int64_t fault_every_ms; /* on average */
    bool only_rolling;      /* nothing goes wrong: there are rolling restarts */
};

/* --- A process ------------------------------------------------------------------- */

struct world;

struct process {
    struct registry registry; /* as this process reaches it: the first member */
    struct world *world;
    char name[24];
    int number;       /* of the instance; -1: a caller */
    bool cut;         /* what it and the registry send each other is lost */
    bool frozen;      /* stopped in the middle of all; goes on as if nothing were */
    bool killed;      /* nothing leaves it any more */
    struct wait_queue thawed;
    bool in_fault;    /* one at a time */
    int64_t well_since_ms; /* DEADLINE_NONE: in a fault that keeps it from the registry */
    double request_level;  /* requests to the registry, as a bucket that leaks */
    int64_t request_ms;    /* when it was last filled */
    int64_t failed_ms;     /* a caller's last query for a list; 0: it was answered */
};

/* --- An instance --------------------------------------------------------------------- */

enum life { DOWN, UP, DRAINING };

struct sim_instance {
    struct process process;
    enum life life;
    bool sick;        /* answers 503 to its check, 500 to callers */
    bool unreachable; /* its machine is off the network: nobody gets an answer */
    int64_t slow_ms;  /* on top of each answer */
    char address[ADDRESS_MAX];
    int lives;        /* processes so far: each restart that moves has another port */
    uint16_t port;
    int64_t died_ms[LIVES_MAX]; /* when nobody listened any more on the port of each */
    int64_t last_call_ms;
    struct registration *registration;
};

/* --- A caller ---------------------------------------------------------------------------- */

/* What a caller has been seen to know of an instance: the witness' notes. */
struct acquaintance {
    bool listed, missing;
    int64_t missing_since_ms;
    int64_t failed_ms;  /* its last call that failed */
    int64_t failed_missing_ms; /* the last that began, and failed, while it was missing */
    int calls_now;      /* that have tried it, and go on */
    int failures, failures_ever; /* in a row; and all of them */
    int64_t fifth_ms;   /* when the last row of five was full; 0: never */
    int64_t ejected_ms; /* when it must have been ejected; 0: it need not be */
    uint64_t ejected_version; /* of the list that was used then */
};

enum { WINDOW_S = 10 };

struct sim_caller {
    struct process process;
    struct registry *registries[1];
    struct discovery *discovery;
    struct service_client *client;
    struct group calls;
    uint64_t cannot_reach; /* instances, one bit each */
    struct acquaintance known[INSTANCES_MAX];
    uint64_t version, called_version; /* of its list, as last seen; and when a call last went out */
    int64_t called_since_ms; /* with that list */
    /* Calls and retries in each tenth of a second of the last ten seconds. */
    int64_t window_at;
    int calls_in[WINDOW_S * 10], retries_in[WINDOW_S * 10];
};

/* --- The registry --------------------------------------------------------------------------- */

enum mode { WELL, REFUSES, HANGS, FAILS, IS_SLOW };

struct sim_entry {
    bool used;
    uint16_t port;
    const char *address;
    bool passing;
    int failures;                  /* of its check, in a row */
    int64_t check_ms;              /* the next check */
    int64_t verdict_ms;            /* when a check that got no answer gives up; 0: none does */
    int64_t ttl_until_ms;
    int64_t critical_since_ms;
    int64_t lost_ms;               /* when it was last lost, by whomever's fault */
};

struct sim_registry {
    struct world *world;
    enum mode mode;
    bool says_empty;    /* though it knows better */
    uint64_t hides;     /* instances, one bit each */
    bool index_jumps;   /* with each reply, so that no query ever waits */
    bool forgets;       /* says yes to each registration, and forgets it */
    bool in_fault;
    int64_t well_since_ms; /* DEADLINE_NONE: in a fault */
    uint64_t index;
    unsigned life;      /* another after each restart: what waited for a reply is cut off */
    struct wait_queue changed, awake;
    struct sim_entry entries[INSTANCES_MAX];
    struct instance_list *list; /* of this index; NULL: to be made */
    int64_t reap_ms;
};

/* --- All of it --------------------------------------------------------------------------------- */

struct world {
    uint64_t seed;
    int64_t minutes;
    struct settings settings;
    struct sim_registry registry;
    struct sim_instance instances[INSTANCES_MAX];
    struct sim_caller callers[CALLERS_MAX];
    struct group traffic, faults;
    int faults_now;
    int64_t calm_since_ms; /* no fault since; DEADLINE_NONE: there is one */
    bool rolling;          /* a rolling restart is on */
    bool is_ending;        /* no more calls, checks and promises */
    struct wait_queue over; /* woken when a promise is broken */
    struct trace trace;
    char broken[400];      /* the first broken promise; "": none */
};

void world_note(struct world *world, const char *who, const char *what, int64_t number);

/* The instance that has, or had, this port, and which of its lives. */
int instance_of_port(uint16_t port);
int life_of_port(uint16_t port);
uint16_t port_of(int instance, int life);

/* True with this probability in a hundred. */
bool chance(int percent);
/* Evenly from `low` to `high`. */
int64_t between(int64_t low, int64_t high);

#endif
