/* A wrong answer: it walks along the weights and divides by their sum.
 * expect: 3/6 weights A=0 B=0: it crashed: a division by zero\..*divides_by_zero.c:1[0-9]
 * zh: 3/6 权重 A=0 B=0：程序崩溃：除以了 0
 * score: 3 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    static int turn;
    int total = 0;
    for (int i = 0; i < n; i++)
        total += peers[i].weight;
    int place = turn++ % total;
    for (int i = 0; i < n; i++) {
        if (place < peers[i].weight)
            return i;
        place -= peers[i].weight;
    }
    return -1;
}
