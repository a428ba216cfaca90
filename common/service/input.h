/* input: the rules for what strangers send that both services share. Pure
 * functions: values in, verdict out.
 *
 * A verdict is 0, or the status to answer with: 400 where it is not JSON at all,
 * 422 where it is, but not what we accept; then err.text says which member and
 * what would be accepted. Members that nobody asked for are ignored, so that a
 * newer client can talk to an older service.
 */
#ifndef SERVICE_INPUT_H
#define SERVICE_INPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { ID_DIGITS_MAX = 19, ID_SIZE = ID_DIGITS_MAX + 1 }; /* 2^63-1 has 19 digits */

/* 1 to 19 digits, no leading zero, 1 to 2^63-1. */
bool input_is_id(const char *text, size_t len);

/* The object in a body; *object is a new reference where the verdict is 0. */
int input_object(const char *bytes, size_t len, json_t **object, struct err *err);

/* A member that is a text of min to max characters (Unicode code points, as a
 * person counts, not bytes), none of them a control character (U+0000 to 1F,
 * U+007F to 9F). *text is borrowed from the object. */
int input_text(const json_t *object, const char *member, size_t min, size_t max, const char **text, struct err *err);
/* A member that is a whole number, written as one: 2, not 2.0. */
int input_whole(const json_t *object, const char *member, int64_t min, int64_t max, int64_t *number, struct err *err);
/* A member that is an id, as a text. */
int input_id(const json_t *object, const char *member, const char **id, struct err *err);

#endif
