#include "registry/consul/consul_wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/json.h"

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

/* --- A registration ------------------------------------------------------------------ */

/* Go's notation: "10s", "1500ms". */
static bool add_duration(struct buf *out, const char *key, int64_t ms)
{
    if (ms % 1000 == 0)
        return buf_addf(out, ",\"%s\":\"%" PRId64 "s\"", key, ms / 1000);
    return buf_addf(out, ",\"%s\":\"%" PRId64 "ms\"", key, ms);
}

static bool add_text(struct buf *out, const char *key, const char *text)
{
    return buf_addf(out, "\"%s\":", key) && json_add_string(out, text, strlen(text));
}

/* "v1, c" -> "v1","c"; empty ones are left out. */
static bool add_tags(struct buf *out, const char *tags)
{
    const char *comma = "";
    while (*tags) {
        tags += strspn(tags, ", ");
        size_t len = strcspn(tags, ",");
        const char *next = tags + len;
        while (len > 0 && tags[len - 1] == ' ')
            len--;
        if (len > 0 && !(buf_adds(out, comma) && json_add_string(out, tags, len)))
            return false;
        comma = ",";
        tags = next;
    }
    return true;
}

static bool add_meta(struct buf *out, const struct registration_spec *spec)
{
    bool both = *spec->version && *spec->zone;
    return (!*spec->version || add_text(out, "version", spec->version)) && (!both || buf_adds(out, ",")) &&
           (!*spec->zone || add_text(out, "zone", spec->zone));
}

/* "HTTP":"http://10.0.0.1:8001/health": what the agent is to look at. */
static bool add_target(struct buf *out, const struct registration_spec *spec, const char *address)
{
    bool is_ipv6 = strchr(address, ':') != NULL;
    const char *open = is_ipv6 ? "[" : "", *close = is_ipv6 ? "]" : "";
    switch (spec->check) {
    case CHECK_HTTP:
        return buf_addf(out, ",\"HTTP\":\"http://%s%s%s:%u/health\"", open, address, close, spec->port);
    case CHECK_TCP:
        return buf_addf(out, ",\"TCP\":\"%s%s%s:%u\"", open, address, close, spec->port);
    default:
        return buf_addf(out, ",\"GRPC\":\"%s%s%s:%u\"", open, address, close, spec->grpc_port);
    }
}

/* A check that we report ourselves: a beat is due thrice before it runs out. */
static bool add_ttl(struct buf *out, const struct registration_spec *spec)
{
    return add_duration(out, "TTL", 3 * spec->check_interval_ms);
}

/* A check that the agent runs. Anti-flap: one failure of one check proves little,
 * one success proves that calls succeed. (Agents before 1.7 ignore both.) */
static bool add_probe(struct buf *out, const struct registration_spec *spec, const char *address)
{
    return add_target(out, spec, address) && add_duration(out, "Interval", spec->check_interval_ms) &&
           add_duration(out, "Timeout", spec->check_timeout_ms) &&
           buf_adds(out, ",\"SuccessBeforePassing\":1,\"FailuresBeforeCritical\":2");
}

static bool add_check(struct buf *out, const struct registration_spec *spec, const char *address)
{
    if (spec->check == CHECK_NONE)
        return true;
    char check_id[300];
    snprintf(check_id, sizeof check_id, "service:%s", spec->id);
    return buf_adds(out, ",\"Check\":{") && add_text(out, "CheckID", check_id) &&
           (spec->check == CHECK_TTL ? add_ttl(out, spec) : add_probe(out, spec, address)) &&
           add_duration(out, "DeregisterCriticalServiceAfter", spec->deregister_after_ms) && buf_adds(out, "}");
}

bool consul_add_registration(struct buf *out, const struct registration_spec *spec, const char *address)
{
    return buf_adds(out, "{") && add_text(out, "ID", spec->id) && buf_adds(out, ",") &&
           add_text(out, "Name", spec->service) && buf_adds(out, ",\"Tags\":[") && add_tags(out, spec->tags) &&
           buf_adds(out, "],") && add_text(out, "Address", address) && buf_addf(out, ",\"Port\":%u", spec->port) &&
           buf_adds(out, ",\"Meta\":{") && add_meta(out, spec) &&
           /* Both weights: Consul 1.8 takes a missing Warning for 0. */
           buf_addf(out, "},\"Weights\":{\"Passing\":%d,\"Warning\":1}", spec->weight) &&
           add_check(out, spec, address) && buf_adds(out, "}");
}

/* --- Our own health -------------------------------------------------------------------- */

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

int consul_parse_own_health(const char *body, size_t len, bool *failing, char *output, size_t size,
                            struct err *err)
{
    *failing = false;
    output[0] = '\0';
    json_t *tree = json_parse_new(body, len, err);
    if (!tree)
        return err_prefix(err, "the agent's view of us");

    size_t i;
    json_t *check;
    json_array_foreach(json_object_get(tree, "Checks"), i, check) {
        const char *status = json_string_value(json_object_get(check, "Status"));
        const char *said = json_string_value(json_object_get(check, "Output"));
        if (*failing || !status || strcmp(status, "critical") != 0 || !said || !*said)
            continue;
        *failing = true;
        copy_as_one_line(output, size, said);
    }
    json_decref(tree);
    return 0;
}
