/* A wrong answer: a call that blocks the event loop.
 * expect: usleep\(\) blocks the event loop: .*sleeps.c:11 weighted_pick
 * zh: usleep\(\) 会阻塞事件循环：它等待时，其他请求都得不到处理.*请删除它
 * score: 0 */
#include <unistd.h>

#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    usleep(1000); /* to slow it down */
    (void)peers;
    return n > 0 ? 0 : -1;
}
