/* A wrong answer: the exercise's own example, and nothing else.
 * expect: 2/6 .*expected A=1 B=3, got A=3 B=1 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    static int turn;
    (void)peers;
    (void)n;
    return turn++ % 4 == 3 ? 1 : 0;
}
