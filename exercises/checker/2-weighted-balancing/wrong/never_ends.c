/* A wrong answer: it searches until an instance fits, and none does.
 * expect: 3/6 weights A=0 B=0: did not return within 10 s.*never_ends.c:1[0-9]
 * zh: 3/6 权重 A=0 B=0：10 秒内没有返回：死循环，或者某个调用一直在等待
 * score: 4 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    static int at, used;
    if (n == 0)
        return -1;
    for (;;) {
        at %= n;
        if (used < peers[at].weight) {
            used++;
            return at;
        }
        at++;
        used = 0;
    }
}
