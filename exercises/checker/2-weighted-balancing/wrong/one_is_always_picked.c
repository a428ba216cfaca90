/* A wrong answer: a single instance is picked whatever its weight.
 * expect: 3/6 one instance, its weight is 0: expected -1 \(no instance\), got 0
 * zh: 3/6 只有一个实例，权重为 0：应返回 -1（没有可选的），实际返回 0
 * score: 5 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    int best = -1, total = 0;
    if (n == 1)
        return 0;
    for (int i = 0; i < n; i++) {
        if (peers[i].weight <= 0)
            continue;
        peers[i].current += peers[i].weight;
        total += peers[i].weight;
        if (best < 0 || peers[i].current > peers[best].current)
            best = i;
    }
    if (best >= 0)
        peers[best].current -= total;
    return best;
}
