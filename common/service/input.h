/* input: checks of request bodies and ids that both services share. Pure
 * functions: values in, a status out.
 *
 * The result is 0, or the status to reply: 400 if the body is not JSON, 422 if a
 * member is missing or not acceptable; then err.text names the member and what
 * would be accepted. Unknown members are ignored, so that a newer client can call
 * an older service.
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

/* Parses the JSON object in a body. After 0, *object is a new reference. */
int input_object(const char *bytes, size_t len, json_t **object, struct err *err);

/* A member that is a text of min to max characters (Unicode code points, not
 * bytes), at least one of them visible, without control characters (U+0000 to 1F,
 * U+007F to 9F). White space around it is kept: what a client stored is what it reads
 * back. *text is borrowed from the object. */
int input_text(const json_t *object, const char *member, size_t min, size_t max, const char **text, struct err *err);
/* A member that is a whole number, written without a fraction: 2, not 2.0. */
int input_whole(const json_t *object, const char *member, int64_t min, int64_t max, int64_t *number, struct err *err);
/* A member that is an id, as a text. */
int input_id(const json_t *object, const char *member, const char **id, struct err *err);

#endif
