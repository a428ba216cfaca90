/* choice: which instances a caller can call at the moment of an attempt, and whether it may
 * call the one that it chose (promises 1 and 11 of invariants.h, and from 5: a retry goes
 * to another instance). */
#ifndef SIMULATION_CHOICE_H
#define SIMULATION_CHOICE_H

#include "discovery/discovery.h"
#include "simulation/world.h"

/* The caller's list at one moment. With a canary, what is counted is on the side of the chosen one: each side has a
 * balancer of its own. Maybe ejected: the results of its calls allow an ejection, but do not prove it. */
struct choice {
    struct discovery_view view;
    const struct instance *chosen; /* NULL: not in the list */
    bool missing;
    size_t named;          /* entries of the list that are not missing, on both sides */
    size_t passing;        /* in the list; missing ones count with their last status */
    size_t sound;          /* passing, and not maybe ejected */
    size_t live_elsewhere; /* passing, really alive, and not the chosen one */
    size_t callable;       /* passing, not maybe ejected, and not tried by this call */
    size_t idle;           /* passing, and no call under way has tried it */
};

/* port: of the instance that is called; 0: of none. */
struct choice choice_of(const struct call_record *record, uint16_t port);
/* Has the list only one entry with the id of the chosen one? */
bool choice_is_alone(const struct choice *choice);
/* On the side of the chosen one? True for all if none is chosen. */
bool choice_is_beside(const struct call_record *record, const struct choice *choice, const struct instance *instance);
/* Has this call tried the id? A static list may name the same process with another id. */
bool choice_was_tried(const struct call_record *record, const char *id);
/* It has failed five times, in a row or not, and the last failure is recent; or backup requests have overtaken it. */
bool choice_is_maybe_ejected(const struct observed_instance *observed);
/* How many of them, for this caller. */
size_t choice_maybe_ejected(const struct sim_caller *caller);

/* Is this a retry that may go to an ejected instance, because no other is left? */
bool choice_is_last_resort(const struct call_record *record, const struct choice *choice);

/* Checks the promises for an attempt at this port. */
void choice_check(const struct call_record *record, uint16_t port);

#endif
