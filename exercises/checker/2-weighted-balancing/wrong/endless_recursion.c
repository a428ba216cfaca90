/* A wrong answer: if it draws an instance of weight 0, it calls itself to draw again.
 * expect: 3/6 weights A=0 B=0: it crashed: the stack overflowed.*endless_recursion.c:[12][0-9]
 * zh: 3/6 权重 A=0 B=0：程序崩溃：栈溢出：无限递归，或者局部数组过大
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
