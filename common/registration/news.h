/* news: say it once.
 *
 * A registry that is away for an hour fails a call every few seconds. The log
 * wants to know when that began, when the reason changes, and now and then that
 * it still goes on: not each of a thousand failures.
 */
#ifndef REGISTRATION_NEWS_H
#define REGISTRATION_NEWS_H

#include <stdbool.h>
#include <stdint.h>

struct news {
    char text[320]; /* what was said last; "" for nothing */
    int64_t at_ms;
};

/* Is this text worth saying? Yes where nothing, or something else, was said last,
 * or more than repeat_ms ago (DEADLINE_NONE: never again). Digits do not count: a latency in
 * the text must not make it new each time. */
bool news_is_new(struct news *news, const char *text, int64_t repeat_ms);
/* It is over. True where there was something. */
bool news_end(struct news *news);

#endif
