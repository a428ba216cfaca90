#include "registration/news.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

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

bool news_is_new(struct news *news, const char *text, int64_t repeat_ms)
{
    char cut[sizeof news->text]; /* as it would be kept, so that long texts compare too */
    snprintf(cut, sizeof cut, "%s", text);
    bool is_due = repeat_ms != DEADLINE_NONE && clock_ms() - news->at_ms >= repeat_ms;
    if (*news->text && same_but_for_digits(news->text, cut) && !is_due)
        return false;
    memcpy(news->text, cut, sizeof cut);
    news->at_ms = clock_ms();
    return true;
}

bool news_end(struct news *news)
{
    bool was_something = *news->text != '\0';
    news->text[0] = '\0';
    return was_something;
}
