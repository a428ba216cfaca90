#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool text_is_chinese(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strncmp(value, "zh", 2) == 0;
    }
    return false;
}

const char *text_of(struct text text)
{
    return text_is_chinese() ? text.zh : text.en;
}

static int width_of(const char *text)
{
    int width = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if ((*at & 0xC0) != 0x80)
            width += *at >= 0xE3 ? 2 : 1; /* in UTF-8 CJK characters begin with E3 to EF */
    return width;
}

void print_padded(const char *text, int width)
{
    int blanks = width - width_of(text);
    printf("%s%*s", text, blanks > 0 ? blanks : 0, "");
}
