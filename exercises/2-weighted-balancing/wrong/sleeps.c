/* A wrong answer: a call that stops the event loop.
 * expect: usleep\(\) stops the event loop: .*sleeps.c:9 */
#include <unistd.h>

#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    usleep(1000); /* "so that it is not so fast" */
    (void)peers;
    return n > 0 ? 0 : -1;
}
