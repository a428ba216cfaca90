/* choice: what a caller's list says at the moment at which a call goes out, and
 * whether the instance that it goes to is one that it may go to. */
#ifndef SIMULATION_CHOICE_H
#define SIMULATION_CHOICE_H

#include "discovery/discovery.h"
#include "simulation/world.h"

struct choice {
    struct discovery_view view;
    const struct instance *chosen; /* NULL: not in the list */
    bool missing;
    size_t passing;         /* in the list, missing ones too: they count as they last were */
    size_t live_elsewhere;  /* passing, truly alive, and not the chosen one */
    size_t in_turn;         /* passing, not ejected as far as the witness can tell, and not tried */
    size_t at_leisure;      /* passing, and no call is under way that tried it */
    size_t zone, zone_in_turn; /* in the caller's zone: all, and those that can be called as far as it can tell */
};

/* port: of the one that is called; 0: of none. */
struct choice choice_of(const struct call_record *record, uint16_t port);
/* Had this call an attempt at it? By id: a static list may have the same process under another. */
bool choice_was_tried(const struct call_record *record, const char *id);
/* It had five failures, whatever lay between them, and the last not too long ago. */
bool choice_is_maybe_ejected(const struct acquaintance *known);

/* May it be a retry that goes to an ejected one, because no other is left? */
bool choice_is_last_resort(const struct call_record *record, const struct choice *choice);

/* Invariants 1, 11 and 12, and of 5: not the same one again. */
void choice_check(const struct call_record *record, uint16_t port);

#endif
