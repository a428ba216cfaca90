/* Exercise 2, solved: smooth weighted round robin, as nginx does it.
 *
 * Think of it as saving up for a turn. In each round everybody earns as much as
 * its weight. Who has saved most takes the turn and pays for it what all earned
 * together. So nobody's savings grow for ever, and over W rounds (W: the sum of
 * the weights) each takes exactly as many turns as its weight:
 *
 *     A 3, B 1     earned     turn   paid
 *     round 1      3   1      A     -1   1
 *     round 2      2   2      A     -2   2     (of two equal ones, the first)
 *     round 3      1   3      B      1  -1
 *     round 4      4   0      A      0   0     and again from here
 *
 * Why not A A A B, from a list with A in it three times? The shares are the same,
 * but with weights 100 and 1 the big one would get a hundred requests in a row.
 * Why not at random? The shares would be right only on average.
 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    int best = -1, total = 0;
    for (int i = 0; i < n; i++) {
        if (peers[i].weight <= 0)
            continue; /* it neither earns nor plays */
        peers[i].current += peers[i].weight;
        total += peers[i].weight;
        if (best < 0 || peers[i].current > peers[best].current)
            best = i;
    }
    if (best >= 0)
        peers[best].current -= total;
    return best; /* still -1 where there was nobody to pick: the caller answers 503 (pitfall 4) */
}
