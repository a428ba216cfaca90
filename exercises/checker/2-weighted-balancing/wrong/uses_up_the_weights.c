/* A wrong answer: it counts the weights down, which it must not change.
 * expect: 1/6 weights A=3 B=1, 4 requests: weighted_pick\(\) changed the id, the weight or the order of the instances
 * zh: 1/6 权重 A=3 B=1，4 次请求：weighted_pick\(\) 改动了实例的 id、weight 或顺序：只能修改 current
 * score: 0 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    for (int i = 0; i < n; i++)
        if (peers[i].weight > 0) {
            peers[i].weight--;
            return i;
        }
    return -1;
}
