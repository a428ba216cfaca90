#include "balance/route.h"

#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "base/hash.h"
#include "base/rand.h"

/* --- Version and tags -------------------------------------------------------------------- */

static bool is_set(const char *text)
{
    return text && *text;
}

/* Cuts the next tag from a list such as "v1, c". Returns its length; 0: there is none left. */
static size_t next_tag(const char **list, const char **tag)
{
    *list += strspn(*list, ", ");
    *tag = *list;
    size_t len = strcspn(*list, ",");
    *list += len;
    while (len > 0 && (*tag)[len - 1] == ' ')
        len--;
    return len;
}

static bool has_tag(const struct instance *instance, const char *wanted, size_t wanted_len)
{
    const char *list = instance->tags, *tag;
    size_t len;
    while ((len = next_tag(&list, &tag)) > 0)
        if (len == wanted_len && memcmp(tag, wanted, len) == 0)
            return true;
    return false;
}

/* The first tag that the instance lacks, not terminated; 0: it has all. */
static size_t find_missing_tag(const struct route *route, const struct instance *instance, const char **tag)
{
    const char *list = route->tags ? route->tags : "";
    size_t len;
    while ((len = next_tag(&list, tag)) > 0)
        if (!has_tag(instance, *tag, len))
            return len;
    return 0;
}

static bool has_version(const struct instance *instance, const char *version)
{
    return strcmp(instance->version, version) == 0;
}

bool route_admits(const struct route *route, const struct instance *instance)
{
    const char *tag;
    return (!is_set(route->version) || has_version(instance, route->version)) &&
           find_missing_tag(route, instance, &tag) == 0;
}

void route_reason(const struct route *route, const struct instance *instance, char *out, size_t size)
{
    const char *tag;
    size_t len = find_missing_tag(route, instance, &tag);
    if (is_set(route->version) && !has_version(instance, route->version))
        snprintf(out, size, "%s%s, and USER_SERVICE_VERSION is %s",
                 *instance->version ? "version is " : "it has no version", instance->version, route->version);
    else
        snprintf(out, size, "it lacks the tag %.*s of USER_SERVICE_TAGS", (int)len, tag);
}

bool route_excludes_all(const struct route *route, const struct instance_list *list, struct err *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (route_admits(route, &list->at[i]))
            return false;
    if (list->count == 0)
        return false;
    bool by_version = is_set(route->version), by_tags = is_set(route->tags);
    err_set(err, ERR_NOT_FOUND, "none has %s%.128s%s%s%s%.200s%s", by_version ? "version " : "",
            by_version ? route->version : "", by_version ? " (USER_SERVICE_VERSION)" : "",
            by_version && by_tags ? " and " : "", by_tags ? "the tags " : "", by_tags ? route->tags : "",
            by_tags ? " (USER_SERVICE_TAGS)" : "");
    return true;
}

/* --- The canary ---------------------------------------------------------------------------- */

static const char *const names[] = {[CANARY_NONE] = "", [CANARY_BY_VERSION] = "version=", [CANARY_BY_TAG] = "tag="};

/* "10%" */
static int parse_percent(const char *text, int *percent)
{
    char number[4];
    int64_t value;
    size_t len = strlen(text);
    if (len < 2 || len > sizeof number || text[len - 1] != '%')
        return -1;
    snprintf(number, sizeof number, "%.*s", (int)(len - 1), text);
    if (env_parse_int(number, &value) != 0 || value < 0 || value > 100)
        return -1;
    *percent = (int)value;
    return 0;
}

/* The last colon counts: a version may have one, too. */
int canary_parse(const char *text, struct canary *canary)
{
    struct canary parsed = {.by = CANARY_NONE};
    const char *colon = strrchr(text, ':');
    for (unsigned by = CANARY_BY_VERSION; by <= CANARY_BY_TAG; by++)
        if (strncmp(text, names[by], strlen(names[by])) == 0)
            parsed.by = by;
    if (*text) {
        const char *value = text + strlen(names[parsed.by]);
        if (parsed.by == CANARY_NONE || !colon || colon <= value || colon - value > CANARY_VALUE_MAX ||
            parse_percent(colon + 1, &parsed.percent) != 0 ||
            (parsed.by == CANARY_BY_TAG && memchr(value, ',', (size_t)(colon - value)))) /* a list, not a tag */
            return -1;
        snprintf(parsed.value, sizeof parsed.value, "%.*s", (int)(colon - value), value);
    }
    *canary = parsed;
    return 0;
}

void canary_text(const struct canary *canary, char *out, size_t size)
{
    if (canary->by == CANARY_NONE)
        snprintf(out, size, "%s", "");
    else
        snprintf(out, size, "%s%s:%d%%", names[canary->by], canary->value, canary->percent);
}

enum route_side route_side_of(const struct route *route, const struct instance *instance)
{
    const struct canary *canary = &route->canary;
    bool is_canary = canary->by == CANARY_BY_VERSION ? has_version(instance, canary->value)
                     : canary->by == CANARY_BY_TAG   ? has_tag(instance, canary->value, strlen(canary->value))
                                                     : false;
    return is_canary ? ROUTE_CANARY : ROUTE_STABLE;
}

/* The hash is not that of the zones (zones_next_is_near) or of the ring: otherwise the users of the canary would all be
 * those whose calls stay in the caller's zone. */
enum route_side route_side_for(const struct route *route, const char *key)
{
    if (route->canary.by == CANARY_NONE)
        return ROUTE_STABLE;
    uint64_t place = hash_mix(hash_bytes(key, strlen(key)) + 2);
    return rand_scale(place, 100) < (uint64_t)route->canary.percent ? ROUTE_CANARY : ROUTE_STABLE;
}
