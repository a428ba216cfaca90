/* text: what is said to a person, in the reader's language. */
#ifndef EXERCISES_TEXT_H
#define EXERCISES_TEXT_H

struct text {
    const char *en, *zh;
};
#define TEXT(en, zh) ((struct text){en, zh})

/* By LC_ALL, LC_MESSAGES or LANG, whichever is set first: Chinese if it begins with "zh". */
const char *text_of(struct text text);

#endif
