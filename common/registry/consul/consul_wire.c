#include "registry/consul/consul_wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "registry/wire.h"

uint64_t consul_next_index(uint64_t current, const char *header)
{
    uint64_t index = 0;
    if (!*header)
        return 0;
    for (const char *p = header; *p; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (*p < '0' || *p > '9' || index > (UINT64_MAX - digit) / 10)
            return 0;
        index = index * 10 + digit;
    }
    if (index < 1)
        index = 1;
    return index < current ? 0 : index;
}

/* --- The body of a registration -------------------------------------------------------
 *
 * json_pack takes over each reference that a format "o" names, also when it fails. */

/* Go's notation: "10s", "1500ms". */
static json_t *duration_new(int64_t ms)
{
    return ms % 1000 == 0 ? json_sprintf("%" PRId64 "s", ms / 1000) : json_sprintf("%" PRId64 "ms", ms);
}

/* "v1, c" -> ["v1", "c"]; empty tags are left out. */
static json_t *tags_new(const char *tags)
{
    json_t *list = json_array();
    while (*tags) {
        tags += strspn(tags, ", ");
        size_t len = strcspn(tags, ",");
        const char *next = tags + len;
        while (len > 0 && tags[len - 1] == ' ')
            len--;
        if (len > 0 && json_array_append_new(list, json_textn_new(tags, len)) != 0) {
            json_decref(list);
            return NULL;
        }
        tags = next;
    }
    return list;
}

/* What callers learn about an instance besides its address. To write another key, add one line to the table;
 * how a caller reads it: "Add a metadata key" in CONTRIBUTING.md. A key with an empty value is left out. */
static json_t *metadata_new(const struct registration_spec *spec)
{
    const struct {
        const char *key, *value;
    } table[] = {
        {"version", spec->version},
        {"zone", spec->zone},
    };
    json_t *metadata = json_object();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].value && *table[i].value &&
            json_object_set_new(metadata, table[i].key, json_text_new(table[i].value)) != 0) {
            json_decref(metadata);
            return NULL;
        }
    return metadata;
}

/* Both weights are written, because Consul 1.8 reads a missing Warning as 0. */
static json_t *weights_new(const struct registration_spec *spec)
{
    return json_pack("{s:i, s:i}", "Passing", spec->weight, "Warning", 1);
}

const char *consul_check_kind(enum check_kind check)
{
    static const char *const kinds[] = {
        [CHECK_HTTP] = "http", [CHECK_TCP] = "tcp", [CHECK_TTL] = "ttl", [CHECK_GRPC] = "grpc", [CHECK_NONE] = ""};
    return kinds[check];
}

static const char *target_key(enum check_kind check)
{
    return check == CHECK_HTTP ? "HTTP" : check == CHECK_TCP ? "TCP" : "GRPC";
}

/* What the agent connects to. An IPv6 address needs brackets. */
static json_t *target_new(const struct registration_spec *spec, const char *address)
{
    bool is_ipv6 = strchr(address, ':') != NULL;
    const char *open = is_ipv6 ? "[" : "", *close = is_ipv6 ? "]" : "";
    if (spec->check == CHECK_HTTP)
        return json_sprintf("http://%s%s%s:%u/health", open, address, close, spec->port);
    return json_sprintf("%s%s%s:%u", open, address, close, spec->check == CHECK_TCP ? spec->port : spec->grpc_port);
}

/* A check that the agent runs. Two failures in a row make an instance critical, because one failure may be
 * chance; one success makes it passing. (Agents before 1.7 ignore both numbers.) */
static json_t *probe_new(const struct registration_spec *spec, const char *address)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:i, s:i, s:o}",
                     "CheckID", json_sprintf("service:%s", spec->id),
                     target_key(spec->check), target_new(spec, address),
                     "Interval", duration_new(spec->check_interval_ms),
                     "Timeout", duration_new(spec->check_timeout_ms),
                     "SuccessBeforePassing", 1,
                     "FailuresBeforeCritical", 2,
                     "DeregisterCriticalServiceAfter", duration_new(spec->deregister_after_ms));
}

/* A check that we report ourselves. Three heartbeats are due within the TTL, so two may get lost. */
static json_t *ttl_check_new(const struct registration_spec *spec)
{
    return json_pack("{s:o, s:o, s:o}",
                     "CheckID", json_sprintf("service:%s", spec->id),
                     "TTL", duration_new(3 * spec->check_interval_ms),
                     "DeregisterCriticalServiceAfter", duration_new(spec->deregister_after_ms));
}

/* The agent shows the notes of a check, but not its definition. So the notes show whether a check is ours
 * or that of another registration (consul_difference.h). */
static json_t *notes_new(const struct registration_spec *spec, const json_t *check)
{
    const char *kind = consul_check_kind(spec->check);
    const char *reap_after = json_string_value(json_object_get(check, "DeregisterCriticalServiceAfter"));
    if (spec->check == CHECK_TTL)
        return json_sprintf("%s %s, reaped after %s", kind, json_string_value(json_object_get(check, "TTL")),
                            reap_after);
    return json_sprintf("%s %s every %s, timeout %s, reaped after %s", kind,
                        json_string_value(json_object_get(check, target_key(spec->check))),
                        json_string_value(json_object_get(check, "Interval")),
                        json_string_value(json_object_get(check, "Timeout")), reap_after);
}

/* NULL: out of memory. */
static json_t *check_new(const struct registration_spec *spec, const char *address)
{
    json_t *check = spec->check == CHECK_TTL ? ttl_check_new(spec) : probe_new(spec, address);
    if (check && json_object_set_new(check, "Notes", notes_new(spec, check)) == 0)
        return check;
    json_decref(check);
    return NULL;
}

/* What the agent's own maintenance mode adds: a check that stays critical, under an id that callers know. Here it comes
 * with the registration: added later, callers could pick the instance in between. As a TTL check without heartbeats. */
static json_t *maintenance_checks_new(const struct registration_spec *spec)
{
    return json_pack("[{s:o, s:s, s:o, s:s, s:s}]",
                     "CheckID", json_sprintf("_service_maintenance:%s", spec->id),
                     "Name", "Service Maintenance Mode",
                     "Notes", json_text_new(spec->maintenance_reason),
                     "TTL", "24h",
                     "Status", "critical");
}

static bool add_checks(json_t *body, const struct registration_spec *spec, const char *address)
{
    if (spec->check != CHECK_NONE && json_object_set_new(body, "Check", check_new(spec, address)) != 0)
        return false;
    return spec->maintenance != MAINTENANCE_ON ||
           json_object_set_new(body, "Checks", maintenance_checks_new(spec)) == 0;
}

json_t *consul_registration_new(const struct registration_spec *spec, const char *address)
{
    json_t *body = json_pack("{s:o, s:o, s:o, s:o, s:i, s:o, s:o}",
                             "ID", json_text_new(spec->id),
                             "Name", json_text_new(spec->service),
                             "Tags", tags_new(spec->tags),
                             "Address", json_text_new(address),
                             "Port", spec->port,
                             "Meta", metadata_new(spec),
                             "Weights", weights_new(spec));
    if (body && add_checks(body, spec, address))
        return body;
    json_decref(body);
    return NULL;
}

bool consul_add_registration(struct buf *out, const struct registration_spec *spec, const char *address)
{
    return json_add_take(out, consul_registration_new(spec, address));
}

/* --- The result of our own check --------------------------------------------------------- */

static void copy_as_one_line(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
    size_t len = strlen(out);
    while (len > 0 && (unsigned char)out[len - 1] <= ' ')
        out[--len] = '\0';
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
}

bool consul_is_service_maintenance(const char *check_id)
{
    return strncmp(check_id, "_service_maintenance:", strlen("_service_maintenance:")) == 0;
}

int consul_parse_own_health(const char *body, size_t len, bool *failing, char *output, size_t size,
                            struct err *err)
{
    *failing = false;
    output[0] = '\0';
    json_t *tree = json_parse_new(body, len, err);
    if (!tree)
        return err_prefix(err, "cannot read the agent's reply on our check");

    size_t i;
    json_t *check;
    json_array_foreach(json_object_get(tree, "Checks"), i, check) {
        const char *status = json_string_value(json_object_get(check, "Status"));
        const char *text = json_string_value(json_object_get(check, "Output"));
        const char *check_id = json_string_value(json_object_get(check, "CheckID"));
        if (*failing || !status || strcmp(status, "critical") != 0 || !text || !*text)
            continue;
        if (check_id && consul_is_service_maintenance(check_id))
            continue; /* after its 24 h it has an output, too */
        *failing = true;
        copy_as_one_line(output, size, text);
    }
    json_decref(tree);
    return 0;
}
