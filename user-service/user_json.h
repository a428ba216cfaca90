/* user_json: a user as JSON, as it is sent to the client and stored in the cache. It is written in one form
 * only. So one pass over the bytes, without a parser, recognises a text that is exactly in this form.
 */
#ifndef USER_JSON_H
#define USER_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends {"id":"…","name":"…","email":"…"}. False at the buffer's cap. */
bool user_json_add(struct buf *json, const char *id, const char *name, const char *email);

/* True: these bytes are what user_json_add writes for the user with this id and for a name and an e-mail that
 * POST /users accepts. */
bool user_json_is(const struct buf *json, const char *id);

#endif
