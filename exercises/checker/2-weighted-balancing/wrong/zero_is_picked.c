/* A wrong answer: smooth, but instances of weight 0 can be picked.
 * expect: 3/6 .*weights A=0 B=0: expected -1
 * zh: 3/6 权重 A=0 B=0：应返回 -1（没有可选的），实际返回 0
 * score: 5 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    int best = -1, total = 0;
    for (int i = 0; i < n; i++) {
        peers[i].current += peers[i].weight;
        total += peers[i].weight;
        if (best < 0 || peers[i].current > peers[best].current)
            best = i;
    }
    if (best >= 0)
        peers[best].current -= total;
    return best;
}
