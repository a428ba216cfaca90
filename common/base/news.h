/* news: say it once.
 *
 * A registry that is away for an hour fails a call every few seconds. The log
 * wants to know when that began, when the reason changes, now and then that it
 * still goes on, and when it is over: not each of a thousand failures. Nor may
 * two reasons that take turns be news each time: at most 3 lines a minute.
 */
#ifndef BASE_NEWS_H
#define BASE_NEWS_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialise. */
struct news {
    char text[320];   /* what was said last; "" for nothing */
    int64_t began_ms; /* when the first of these failures came … */
    int64_t times;    /* … and how many there were */
    /* private */
    int64_t said_ms, window_ms;
    int said;
};

/* It happened (again). Is this text worth saying? Yes where nothing, or something
 * else, was said last, or more than repeat_ms ago (DEADLINE_NONE: never again).
 * Digits do not count: a latency in the text must not make it new each time. */
bool news_is_new(struct news *news, const char *text, int64_t repeat_ms);
/* It is over: how long it went on, in ms; -1 where nothing was said. */
int64_t news_end(struct news *news);

#endif
