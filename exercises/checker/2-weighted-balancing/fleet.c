#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checker/check.h"

/* "A" … "Z", "A1" … "Z1", "A2" … */
static const char *name_of(int i)
{
    enum { LETTERS = 26 };
    static char names[FLEET_MAX][3];
    char *name = names[i];
    name[0] = (char)('A' + i % LETTERS);
    name[1] = (char)(i / LETTERS ? '0' + i / LETTERS : '\0');
    return name;
}

struct fleet fleet_of(int n, const int weights[])
{
    struct fleet fleet = {.n = n};
    for (int i = 0; i < n; i++)
        fleet.peers[i] = (struct peer){.id = name_of(i), .weight = weights[i]};
    return fleet;
}

static void check_untouched(const struct fleet *fleet, const struct peer *seen)
{
    for (int i = 0; i < fleet->n; i++)
        if (seen[i].id != fleet->peers[i].id || seen[i].weight != fleet->peers[i].weight)
            fail(TEXT("%s: weighted_pick() changed the id, the weight or the order of the instances: change only `current`",
                      "%s：weighted_pick() 改动了实例的 id、weight 或顺序：只能修改 current"),
                 current_context());
}

int fleet_pick(struct fleet *fleet)
{
    size_t size = (size_t)fleet->n * sizeof *fleet->peers;
    struct peer *seen = malloc(size);
    memcpy(seen, fleet->peers, size);
    int picked = weighted_pick(seen, fleet->n);
    check_untouched(fleet, seen);
    memcpy(fleet->peers, seen, size);
    free(seen);
    if (fleet->n > fleet->longest)
        fleet->longest = fleet->n;
    if (picked < -1 || picked >= fleet->n)
        fail(TEXT("%s: it returned %d, but the list has %d instances: an index must be 0 to n-1 (or -1: no instance)%s",
                  "%s：返回了 %d，但列表里只有 %d 个实例：下标须在 0 到 n-1 之间（或 -1：没有可选的）%s"),
             current_context(), picked, fleet->n,
             picked >= 0 && picked < fleet->longest
                 ? text_of(TEXT("; this index may be left from a longer list", "，可能是沿用了旧列表的下标"))
                 : "");
    return picked;
}

struct round fleet_round(struct fleet *fleet, int requests)
{
    struct round round = {0};
    size_t length = 0;
    for (int i = 0; i < requests; i++) {
        int picked = fleet_pick(fleet);
        const char *name = picked < 0 ? "-" : fleet->peers[picked].id;
        if (picked < 0)
            round.none++;
        else
            round.counts[picked]++;
        if (i <= ROUND_MAX)
            length += (size_t)snprintf(round.order + length, sizeof round.order - length, "%s%s", i ? " " : "",
                                       i < ROUND_MAX ? name : "…");
    }
    return round;
}

const char *fleet_counts(const struct fleet *fleet, const int counts[], char out[128])
{
    size_t length = 0;
    out[0] = '\0';
    for (int i = 0; i < fleet->n && length < 100; i++)
        length += (size_t)snprintf(out + length, 128 - length, "%s%s=%d", i ? " " : "", fleet->peers[i].id, counts[i]);
    return out;
}
