/* A wrong answer: smooth, but it keeps its state in an array of its own, by index.
 * expect: 4/6 200 instances: it crashed: an index outside the array.*remembers_by_place.c:1[0-9]
 * zh: 4/6 200 个实例：程序崩溃：数组下标越界
 * score: 4 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    static int current[64];
    int best = -1, total = 0;
    for (int i = 0; i < n; i++) {
        if (peers[i].weight <= 0)
            continue;
        current[i] += peers[i].weight;
        total += peers[i].weight;
        if (best < 0 || current[i] > current[best])
            best = i;
    }
    if (best >= 0)
        current[best] -= total;
    return best;
}
