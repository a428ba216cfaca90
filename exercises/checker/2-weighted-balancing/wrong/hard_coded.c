/* A wrong answer: the exercise's example and nothing else.
 * expect: 2/6 .*expected A=1 B=3, got A=3 B=1
 * zh: 2/6 4 次请求：期望 A=1 B=3，实际 A=3 B=1（A A A B）
 * score: 2 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    static int turn;
    (void)peers;
    (void)n;
    return turn++ % 4 == 3 ? 1 : 0;
}
