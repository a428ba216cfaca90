/* user_input: checks of the body of POST /users. Pure: a JSON object in, a status
 * out. */
#ifndef USER_INPUT_H
#define USER_INPUT_H

#include <jansson.h>

#include "base/err.h"

enum {
    NAME_MAX_CHARACTERS = 100,
    EMAIL_MIN_CHARACTERS = 3,
    EMAIL_MAX_CHARACTERS = 254, /* RFC 5321's limit of a path, without its brackets */
};

struct user_input {
    const char *name;  /* 1 to 100 characters */
    const char *email; /* 3 to 254 characters, one '@' with something on both sides */
};

/* 0, or the status to reply (input.h). The texts are borrowed from `object`. */
int user_input_read(const json_t *object, struct user_input *input, struct err *err);

#endif
