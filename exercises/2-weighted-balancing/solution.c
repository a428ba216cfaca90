/* Exercise 2, solved: smooth weighted round robin, as nginx does it.
 *
 * Each instance has savings (`current`). In each round it earns its weight. The instance
 * with the highest savings takes the turn, and pays what all have earned in this round.
 * So no savings grow without limit. Over W rounds (W: the sum of the weights) each
 * instance takes exactly as many turns as its weight:
 *
 *     A 3, B 1     earned     turn   paid
 *     round 1      3   1      A     -1   1
 *     round 2      2   2      A     -2   2     (equal: the first)
 *     round 3      1   3      B      1  -1
 *     round 4      4   0      A      0   0     the same again
 *
 * A list with A in it three times (A A A B) has the same shares. But with weights
 * 100 and 1, one instance would get a hundred requests in a row. A random choice
 * has the right shares only on average.
 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    int best = -1, total = 0;
    for (int i = 0; i < n; i++) {
        if (peers[i].weight <= 0)
            continue; /* it does not earn and cannot be picked */
        peers[i].current += peers[i].weight;
        total += peers[i].weight;
        if (best < 0 || peers[i].current > peers[best].current)
            best = i;
    }
    if (best >= 0)
        peers[best].current -= total;
    return best; /* still -1 if there was none to pick: the caller answers 503 (pitfall 4) */
}
