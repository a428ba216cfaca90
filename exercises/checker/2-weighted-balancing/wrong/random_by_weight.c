/* A wrong answer: a random choice by weight is right only on average.
 * expect: 1/6 .*the counts differ in each round
 * zh: 1/6 4 次请求：期望 A=3 B=1，实际 .*而且每一轮的次数都不一样。按权重随机只在平均意义上正确；每一轮都必须精确
 * score: 0 */
#include <stdlib.h>

#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    int total = 0;
    for (int i = 0; i < n; i++)
        total += peers[i].weight;
    if (total == 0)
        return -1;
    int drawn = rand() % total;
    for (int i = 0; i < n; i++) {
        drawn -= peers[i].weight;
        if (drawn < 0)
            return i;
    }
    return -1;
}
