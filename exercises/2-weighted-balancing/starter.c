/* Exercise 2: weighted load balancing (the task: README.md beside this file, in Chinese README.zh-CN.md).
 *
 * The lesson leaves this open (part V, 2):
 *
 *     def weighted(self, weights):
 *         """加权轮询"""
 *         pass
 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    (void)peers;
    (void)n;
    return 0; /* always the first instance: replace this */
}
