#include "balance/ejections.h"

#include "base/rand.h"

/* --- At most half are out ------------------------------------------------------------ */

static int by_end_of_ejection(const void *left, const void *right)
{
    const struct balancer_peer *a = *(struct balancer_peer *const *)left, *b = *(struct balancer_peer *const *)right;
    return (a->outlier.back_ms > b->outlier.back_ms) - (a->outlier.back_ms < b->outlier.back_ms);
}

/* After a list has shrunk, more than half may be out. Then the ejections that would
 * end first end now. */
static void readmit_over_half(const struct peer_set *candidates, struct balancer_peer **out)
{
    size_t count = 0;
    for (size_t i = 0; i < candidates->count; i++)
        if (outlier_is_out(&candidates->at[i]->outlier))
            out[count++] = candidates->at[i];

    if (count <= candidates->count / 2)
        return;
    qsort(out, count, sizeof(struct balancer_peer *), by_end_of_ejection);
    for (size_t i = 0; count - i > candidates->count / 2; i++)
        outlier_readmit(&out[i]->outlier);
}

void ejections_separate(struct ejections *ejections, struct peer_set *candidates, struct balancer_peer **scratch)
{
    readmit_over_half(candidates, scratch);
    ejections->candidates = candidates->count;
    ejections->out.count = ejections->probation_count = candidates->count = 0;
    for (size_t i = 0; i < ejections->candidates; i++) {
        struct balancer_peer *peer = candidates->at[i];
        struct peer_set *set = outlier_is_out(&peer->outlier) ? &ejections->out : candidates;
        set->at[set->count++] = peer;
        if (peer->outlier.on_probation)
            ejections->probation[ejections->probation_count++] = peer;
    }
    if (ejections->probation_next >= ejections->probation_count)
        ejections->probation_next = 0;
}

size_t ejections_room(const struct ejections *ejections)
{
    return ejections->candidates / 2 - ejections->out.count;
}

bool ejections_allow(const struct ejections *ejections, const struct balancer_peer *peer)
{
    return outlier_is_out(&peer->outlier) || ejections_room(ejections) > 0;
}

/* --- The end of an ejection ---------------------------------------------------------- */

void ejections_find_next_end(struct ejections *ejections, const struct peer_list *peers)
{
    ejections->next_end_ms = INT64_MAX;
    for (size_t i = 0; i < peers->count; i++) {
        int64_t back_ms = peers->at[i]->outlier.back_ms;
        if (back_ms != 0 && back_ms < ejections->next_end_ms)
            ejections->next_end_ms = back_ms;
    }
}

void ejections_end_due(const struct peer_list *peers, int64_t now_ms)
{
    for (size_t i = 0; i < peers->count; i++) {
        struct outlier *outlier = &peers->at[i]->outlier;
        if (outlier_is_ejected(outlier) && outlier->back_ms <= now_ms)
            outlier_begin_probation(outlier);
    }
}

/* --- Create and free ----------------------------------------------------------------- */

void ejections_init(struct ejections *ejections)
{
    *ejections = (struct ejections){.out = {.draw = rand_u64()}, .next_end_ms = INT64_MAX};
}

int ejections_reserve(struct ejections *ejections, size_t count)
{
    if (array_reserve(ejections->out.at, count) != 0 || array_reserve(ejections->probation, count) != 0)
        return -1;
    return 0;
}

void ejections_close(struct ejections *ejections)
{
    free(ejections->out.at);
    free(ejections->probation);
}
