/* A wrong answer: nearly smooth, but the one that is picked pays its own weight only.
 * expect: 2/6 .*all of `current` together was 0 at first, and is not after a whole round
 * zh: 2/6 .*所有 current 之和起初是 0，整轮之后却不是：被选中的要付出大家一次请求所挣的总和
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
        peers[best].current -= peers[best].weight;
    return best;
}
