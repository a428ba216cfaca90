#include "base/news.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum {
    LINES_MAX = 3, /* in … */
    WINDOW_MS = 60 * 1000,
};

static const char *past_digits(const char *text)
{
    return text + strspn(text, "0123456789.");
}

static bool same_but_for_digits(const char *a, const char *b)
{
    for (;; a++, b++) {
        a = past_digits(a);
        b = past_digits(b);
        if (*a != *b || !*a)
            return *a == *b;
    }
}

static bool may_say(struct news *news, int64_t now_ms)
{
    if (news->said == 0 || now_ms - news->window_ms >= WINDOW_MS) {
        news->window_ms = now_ms;
        news->said = 0;
    }
    if (news->said == LINES_MAX)
        return false;
    news->said++;
    return true;
}

bool news_is_new(struct news *news, const char *text, int64_t repeat_ms)
{
    char cut[sizeof news->text]; /* as it would be kept, so that long texts compare too */
    int64_t now_ms = clock_ms();
    snprintf(cut, sizeof cut, "%s", text);
    if (news->times++ == 0)
        news->began_ms = now_ms;
    bool is_due = repeat_ms != DEADLINE_NONE && now_ms - news->said_ms >= repeat_ms;
    bool is_same = *news->text && same_but_for_digits(news->text, cut);
    if ((is_same && !is_due) || !may_say(news, now_ms))
        return false;
    memcpy(news->text, cut, sizeof cut);
    news->said_ms = now_ms;
    return true;
}

int64_t news_end(struct news *news)
{
    int64_t lasted_ms = *news->text ? clock_ms() - news->began_ms : -1;
    news->text[0] = '\0';
    news->times = 0;
    return lasted_ms;
}
