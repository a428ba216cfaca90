/* A wrong answer: right, except for an empty list (pitfall 4 of the lesson).
 * expect: 4/6 an empty list: it crashed: it read or wrote outside
 * zh: 4/6 空列表：程序崩溃：越界读写：数组太短或下标太大
 * score: 4 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    int best = 0, total = 0;
    for (int i = 0; i < n; i++) {
        peers[i].current += peers[i].weight;
        total += peers[i].weight;
        if (peers[i].current > peers[best].current)
            best = i;
    }
    if (peers[best].weight == 0)
        return -1;
    peers[best].current -= total;
    return best;
}
