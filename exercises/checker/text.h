/* text: a message in the reader's language, English or Chinese. */
#ifndef EXERCISES_TEXT_H
#define EXERCISES_TEXT_H

#include <stdbool.h>

struct text {
    const char *en, *zh;
};
#define TEXT(en, zh) ((struct text){en, zh})

/* The first of LC_ALL, LC_MESSAGES and LANG that is set decides: Chinese if it begins with "zh". */
bool text_is_chinese(void);
const char *text_of(struct text text);

/* Prints text, then blanks up to `width` columns of the terminal. A Chinese character takes two columns. */
void print_padded(const char *text, int width);

#endif
