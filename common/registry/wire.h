/* wire: what the JSON of all kinds of registry has in common. Private to the wire formats.
 *
 * A member that is missing or null has its default. A member of another type makes the whole entry
 * unusable: then the functions that read return false, or 0.
 */
#ifndef REGISTRY_WIRE_H
#define REGISTRY_WIRE_H

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "net/json.h"
#include "registry/instance.h"

enum { WIRE_WEIGHT_MAX = 65535 }; /* Consul's own limit */

/* The address without the brackets that some programs write around IPv6. Valid until the next call. */
const char *wire_address(const char *text);

/* The beginning of a reply that is plain text, as one line for an error. "" for a page in HTML. */
void wire_line(const char *body, char *line, size_t size);

/* Overwrites each occurrence of a secret with '*': a server's error may repeat what it was sent. */
void wire_hide(struct buf *body, const char *secret);

/* "" if missing or null. */
static inline bool wire_text(const json_t *object, const char *key, const char **text)
{
    const json_t *value = json_object_get(object, key);
    *text = json_is_string(value) ? json_string_value(value) : "";
    return !value || json_is_null(value) || json_is_string(value);
}

/* 1 if missing, null or less than 1. Consul too rejects a Passing of 0 and uses 1 if it is left out, but it
 * turns a Warning that is left out into 0. To stop all calls to an instance, an operator uses the maintenance
 * mode, not a weight. */
static inline bool wire_weight(const json_t *object, const char *key, int *weight)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);
    *weight = number < 1 ? 1 : number > WIRE_WEIGHT_MAX ? WIRE_WEIGHT_MAX : (int)number;
    return !value || json_is_null(value) || json_is_integer(value);
}

/* 0 if it is not a number from 1 to 65535. */
static inline uint16_t wire_port(const json_t *object, const char *key)
{
    json_int_t port = json_integer_value(json_object_get(object, key));
    return port < 1 || port > UINT16_MAX ? 0 : (uint16_t)port;
}

/* 0 if it is not a whole number from 1. */
static inline uint64_t wire_index(const json_t *object, const char *key)
{
    json_int_t index = json_integer_value(json_object_get(object, key));
    return index < 1 ? 0 : (uint64_t)index;
}

/* An unknown word counts as critical. */
static inline enum instance_status wire_status(const char *word)
{
    if (strcmp(word, "passing") == 0)
        return INSTANCE_PASSING;
    return strcmp(word, "warning") == 0 ? INSTANCE_WARNING : INSTANCE_CRITICAL;
}

#endif
