/* A wrong answer: the picked instance starts again at 0 and loses what it had saved.
 * expect: 2/6 .*the sum of all `current` was 0 at first, but is not 0 after a whole round
 * zh: 2/6 .*所有 current 之和起初是 0，一整轮之后却不是 0
 * score: 4 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    int best = -1;
    for (int i = 0; i < n; i++) {
        if (peers[i].weight <= 0)
            continue;
        peers[i].current += peers[i].weight;
        if (best < 0 || peers[i].current > peers[best].current)
            best = i;
    }
    if (best >= 0)
        peers[best].current = 0;
    return best;
}
