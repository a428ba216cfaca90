/* A wrong answer: takes turns, whatever the weights.
 * expect: 1/6 .*expected A=3 B=1, got A=2 B=2 .*the weights are not used */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    static int next;
    (void)peers;
    if (n == 0)
        return -1;
    return next++ % n;
}
