/* A wrong answer: draws again where it drew one of weight 0, and calls itself for that.
 * expect: 3/6 weights A=0 B=0: it crashed: the stack overflowed.*asks_itself.c:[12][0-9]
 * zh: 3/6 权重 A=0 B=0：程序崩溃：栈溢出：无穷递归，或局部数组过大
 * score: 4 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    static int at, used;
    if (n == 0)
        return -1;
    at %= n;
    if (used < peers[at].weight) {
        used++;
        return at;
    }
    at++;
    used = 0;
    return weighted_pick(peers, n);
}
