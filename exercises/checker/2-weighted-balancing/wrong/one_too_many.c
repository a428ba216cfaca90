/* A wrong answer: it reads one entry past the end of the list.
 * expect: 1/6 weights A=3 B=1, 4 requests: it crashed: it read or wrote outside an array.*one_too_many.c:1[01]
 * zh: 1/6 权重 A=3 B=1，4 次请求：程序崩溃：越界读写：数组太短或下标太大
 * score: 0 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    int best = -1, total = 0;
    for (int i = 0; i <= n; i++) {
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
