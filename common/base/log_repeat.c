#include "base/log_repeat.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum {
    LINES_MAX = 3, /* in each window */
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

static bool fits_in_window(struct log_repeat *repeat, int64_t now_ms)
{
    if (repeat->lines == 0 || now_ms - repeat->window_ms >= WINDOW_MS) {
        repeat->window_ms = now_ms;
        repeat->lines = 0;
    }
    if (repeat->lines == LINES_MAX)
        return false;
    repeat->lines++;
    return true;
}

bool log_repeat_is_due(struct log_repeat *repeat, const char *text, int64_t repeat_ms)
{
    char cut[sizeof repeat->text]; /* as short as its copy in repeat->text, so that long texts compare as equal */
    int64_t now_ms = clock_ms();
    snprintf(cut, sizeof cut, "%s", text);
    if (repeat->times++ == 0)
        repeat->began_ms = now_ms;
    bool waited = repeat_ms != DEADLINE_NONE && now_ms - repeat->logged_ms >= repeat_ms;
    bool is_same = *repeat->text && same_but_for_digits(repeat->text, cut);
    if ((is_same && !waited) || !fits_in_window(repeat, now_ms))
        return false;
    memcpy(repeat->text, cut, sizeof cut);
    repeat->logged_ms = now_ms;
    return true;
}

int64_t log_repeat_end(struct log_repeat *repeat)
{
    int64_t lasted_ms = *repeat->text ? clock_ms() - repeat->began_ms : -1;
    repeat->text[0] = '\0';
    repeat->times = 0;
    return lasted_ms;
}
