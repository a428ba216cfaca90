/* A wrong answer: nearly smooth, but the picked instance pays only its own weight.
 * expect: 2/6 .*the sum of all `current` was 0 at first, but is not 0 after a whole round
 * zh: 2/6 .*所有 current 之和起初是 0，一整轮之后却不是 0：被选中的实例要扣除所有实例在一次请求中增加的总和
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
