#include "registry/consul/consul_difference.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "registry/consul/consul_checks.h"
#include "registry/consul/consul_wire.h"

/* --- One member --------------------------------------------------------------------------- */

/* A value for the text. It may come from outside, so it is not dumped as JSON. */
static const char *shown(const json_t *value, char *out, size_t size)
{
    if (json_is_integer(value))
        snprintf(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_true(value))
        snprintf(out, size, "true");
    else
        snprintf(out, size, "%.60s", json_is_string(value) && json_string_length(value) ? json_string_value(value)
                                                                                        : "empty");
    return out;
}

static bool say(char *text, size_t size, const char *what, const json_t *theirs, const json_t *ours)
{
    char theirs_shown[80], ours_shown[80];
    snprintf(text, size, "%s is %s, not %s", what, shown(theirs, theirs_shown, sizeof theirs_shown),
             shown(ours, ours_shown, sizeof ours_shown));
    return true;
}

/* ours: NULL if we do not register this member. Then the agent may show "" or false. */
static bool is_equal(const json_t *theirs, const json_t *ours)
{
    if (!ours)
        return !json_is_true(theirs) && json_string_length(theirs) == 0;
    if (json_is_integer(theirs) && json_is_integer(ours))
        return json_integer_value(theirs) == json_integer_value(ours);
    return json_is_string(theirs) && json_is_string(ours) &&
           strcmp(json_string_value(theirs), json_string_value(ours)) == 0;
}

/* Members of the entry, and of the objects in it. `from`: the key in our registration; NULL: we do not register it.
 * With EnableTagOverride, any process may change our tags in the catalog; with a Kind, the entry is a proxy. */
static const struct member {
    const char *object, *key, *from;
} members[] = {
    {NULL, "Service", "Name"},       {NULL, "Address", "Address"},    {NULL, "Port", "Port"},
    {"Weights", "Passing", "Passing"}, {"Weights", "Warning", "Warning"},
    {NULL, "EnableTagOverride", NULL}, {NULL, "Kind", NULL},
};

static bool member_differs(const json_t *service, const json_t *registration, char *text, size_t size)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const struct member *m = &members[i];
        const json_t *theirs = json_object_get(m->object ? json_object_get(service, m->object) : service, m->key);
        const json_t *ours =
            json_object_get(m->object ? json_object_get(registration, m->object) : registration, m->from);
        if (theirs && !is_equal(theirs, ours))
            return say(text, size, m->key, theirs, ours);
    }
    return false;
}

/* --- Metadata and tags ---------------------------------------------------------------------- */

/* Callers read these two keys. Other keys are not ours. */
static bool metadata_differs(const json_t *theirs, const json_t *ours, char *text, size_t size)
{
    static const char *const keys[] = {"version", "zone"};
    for (size_t i = 0; theirs && i < sizeof keys / sizeof *keys; i++) {
        const json_t *value = json_object_get(theirs, keys[i]), *own = json_object_get(ours, keys[i]);
        if ((json_string_length(value) || own) && !is_equal(value, own))
            return say(text, size, keys[i], value, own);
    }
    return false;
}

static bool has_all(const json_t *tags, const json_t *others)
{
    size_t i, k;
    json_t *tag, *other;
    json_array_foreach(others, i, other) {
        bool found = false;
        json_array_foreach(tags, k, tag)
            found = found || is_equal(tag, other);
        if (!found)
            return false;
    }
    return true;
}

static bool tags_differ(const json_t *theirs, const json_t *ours, char *text, size_t size)
{
    if (!theirs || (has_all(theirs, ours) && has_all(ours, theirs)))
        return false;
    snprintf(text, size, "the tags are others");
    return true;
}

/* --- Checks ----------------------------------------------------------------------------------- */

/* "service:<id>:2" is the second check of another registration. Checks with other ids are additions, and stay. */
static bool has_foreign_check(const json_t *checks, const char *own_id, const char *id, char *text, size_t size)
{
    const char *check_id;
    json_t *check;
    size_t len = strlen(own_id);
    json_object_foreach((json_t *)checks, check_id, check) {
        if (!consul_checks_is_of(check, id) || strncmp(check_id, own_id, len) != 0 || check_id[len] != ':')
            continue;
        snprintf(text, size, "it has another check: %.60s", check_id);
        return true;
    }
    return false;
}

static bool checks_differ(const json_t *checks, const json_t *registration, const char *id, char *text, size_t size)
{
    const json_t *ours = json_object_get(registration, "Check");
    char own_id[300];
    snprintf(own_id, sizeof own_id, "service:%s", id);
    const json_t *theirs = json_object_get(checks, own_id);
    if (!consul_checks_is_of(theirs, id))
        theirs = NULL;
    if (ours && !theirs)
        snprintf(text, size, "its check is gone");
    else if (!ours && theirs)
        snprintf(text, size, "it has a check");
    else if (ours && !is_equal(json_object_get(theirs, "Notes"), json_object_get(ours, "Notes")))
        say(text, size, "its check", json_object_get(theirs, "Type"), json_object_get(ours, "Notes"));
    else
        return has_foreign_check(checks, own_id, id, text, size);
    return true;
}

static bool lacks_maintenance(const struct registration_spec *spec, const json_t *checks, char *text, size_t size)
{
    if (spec->maintenance != MAINTENANCE_ON || consul_checks_in_maintenance(checks, spec->id))
        return false;
    snprintf(text, size, "it is not in maintenance");
    return true;
}

bool consul_find_difference(const struct registration_spec *spec, const char *address, const json_t *service,
                            const json_t *checks, char *text, size_t size)
{
    json_t *registration = consul_registration_new(spec, address);
    bool differs = registration &&
                   (member_differs(service, registration, text, size) ||
                    metadata_differs(json_object_get(service, "Meta"), json_object_get(registration, "Meta"), text,
                                     size) ||
                    tags_differ(json_object_get(service, "Tags"), json_object_get(registration, "Tags"), text, size) ||
                    (checks && (checks_differ(checks, registration, spec->id, text, size) ||
                                lacks_maintenance(spec, checks, text, size))));
    json_decref(registration);
    return differs;
}
