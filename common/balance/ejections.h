/* ejections: separates the instances that are out (ejected or on probation, outlier.h) from
 * the others in the tiers in use (eligible.h). At most half of these are out at once.
 * Private to this folder. */
#ifndef BALANCE_EJECTIONS_H
#define BALANCE_EJECTIONS_H

#include "balance/peer_list.h"

struct ejections {
    size_t candidates;   /* instances in the tiers in use, out or not */
    struct peer_set out; /* of these: ejected or on probation. A retry uses them last */
    struct balancer_peer **probation; /* of `out`: each gets one call at a time, in rotation */
    size_t probation_count, probation_next;
    int64_t next_end_ms; /* when the next ejection ends; INT64_MAX: no instance is ejected */
};

void ejections_init(struct ejections *ejections);
void ejections_close(struct ejections *ejections);
/* Makes room for `count` peers. 0, or -1: out of memory. */
int ejections_reserve(struct ejections *ejections, size_t count);

/* Moves the peers that are out from `candidates` to `out`. scratch: room for as many
 * peers as `candidates` has. Allocates nothing. */
void ejections_separate(struct ejections *ejections, struct peer_set *candidates, struct balancer_peer **scratch);
/* How many more candidates may be ejected. Half is rounded down, so a lone instance is never ejected. */
size_t ejections_room(const struct ejections *ejections);
/* True: this candidate may be ejected too, or again. */
bool ejections_allow(const struct ejections *ejections, const struct balancer_peer *peer);

/* Sets next_end_ms. Call it after any change of the peers or of an ejection. */
void ejections_find_next_end(struct ejections *ejections, const struct peer_list *peers);
/* Begins the probation of the instances whose ejection has ended. */
void ejections_end_due(const struct peer_list *peers, int64_t now_ms);

#endif
