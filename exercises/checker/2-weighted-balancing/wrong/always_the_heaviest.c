/* A wrong answer: always the instance with the highest weight.
 * expect: 1/6 .*expected A=3 B=1, got A=4 B=0 .*always the same one
 * zh: 1/6 4 次请求：期望 A=3 B=1，实际 A=4 B=0（A A A A）：总是同一个
 * score: 0 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    int best = -1;
    for (int i = 0; i < n; i++)
        if (peers[i].weight > 0 && (best < 0 || peers[i].weight > peers[best].weight))
            best = i;
    return best;
}
