#include "text.h"

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
