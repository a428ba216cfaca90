/* A wrong answer: each in turn, whatever the weights.
 * expect: 1/6 .*expected A=3 B=1, got A=2 B=2 .*the weights are not used
 * zh: 1/6 4 次请求：期望 A=3 B=1，实际 A=2 B=2（A B A B）：每个实例次数相同，这是普通的轮询：没有用到权重
 * score: 1 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    static int next;
    (void)peers;
    if (n == 0)
        return -1;
    return next++ % n;
}
