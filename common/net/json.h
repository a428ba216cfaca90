/* json: jansson, made safe for input from outside.
 *
 * Strict: one value, no trailing bytes, valid UTF-8, no duplicate member, no nesting
 * over 64. The nesting is checked by a scan before parsing, because a parser recurses
 * and a fiber's stack is small. Never dump or deep-copy a tree that came from outside:
 * that recurses too.
 */
#ifndef NET_JSON_H
#define NET_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum { JSON_NESTING_MAX = 64 };

/* Once at start: the seed of jansson's hash tables. */
void json_init(void);

/* A new reference, or NULL with ERR_INVALID and a text with line and column.
 * ERR_TOO_LARGE instead: valid JSON, but with a number out of range or a \u0000, which
 * we cannot store (so 422, not 400). */
json_t *json_parse_new(const char *bytes, size_t len, struct err *err);

/* Whether json_parse_new would return an object. Cheaper: it rarely builds a tree. */
bool json_is_object_text(const char *bytes, size_t len);

/* Appends text as a JSON string, with quotes. A byte that is not valid UTF-8 becomes
 * U+FFFD. False at the buffer's cap; then the buffer is unchanged. */
bool json_add_string(struct buf *out, const char *text, size_t len);

/* A new JSON string; a byte that is not valid UTF-8 becomes U+FFFD. NULL: out of memory. */
json_t *json_text_new(const char *text);
json_t *json_textn_new(const char *text, size_t len);

/* Appends a tree that we built ourselves, as compact JSON, and gives up its reference.
 * False: the tree is NULL, the buffer is at its cap, or memory is out. */
bool json_add_take(struct buf *out, json_t *tree);

#endif
