/* wire: what registries' JSON has in common. Private to the wire formats.
 *
 * A member may be missing or null, which means its default; of another type it
 * makes the entry useless.
 */
#ifndef REGISTRY_WIRE_H
#define REGISTRY_WIRE_H

#include <stdbool.h>
#include <string.h>

#include "net/json.h"
#include "registry/instance.h"

enum { WIRE_WEIGHT_MAX = 65535 }; /* Consul's own limit */

/* "" where it is missing or null. False: it is not text. */
static inline bool wire_text(const json_t *object, const char *key, const char **text)
{
    const json_t *value = json_object_get(object, key);
    *text = json_is_string(value) ? json_string_value(value) : "";
    return !value || json_is_null(value) || json_is_string(value);
}

/* Left out counts as 1, and so does what is below: Consul itself refuses Passing 0
 * and fills in 1, and Warning 0 is what it makes of one that somebody forgot. To
 * keep an instance from being picked there is the maintenance mode. */
static inline bool wire_weight(const json_t *object, const char *key, int *weight)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);
    *weight = number < 1 ? 1 : number > WIRE_WEIGHT_MAX ? WIRE_WEIGHT_MAX : (int)number;
    return !value || json_is_null(value) || json_is_integer(value);
}

/* 0: it is not 1 to 65535. */
static inline uint16_t wire_port(const json_t *object, const char *key)
{
    json_int_t port = json_integer_value(json_object_get(object, key));
    return port < 1 || port > UINT16_MAX ? 0 : (uint16_t)port;
}

/* Three words; one that we do not know is not a good sign. */
static inline enum instance_status wire_status(const char *word)
{
    if (strcmp(word, "passing") == 0)
        return INSTANCE_PASSING;
    return strcmp(word, "warning") == 0 ? INSTANCE_WARNING : INSTANCE_CRITICAL;
}

#endif
