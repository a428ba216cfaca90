#include "catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/json.h"

static struct entry entries[CATALOG_MAX];
static size_t count;
static uint64_t index_now = 10;

uint64_t catalog_index(void)
{
    return index_now;
}

void catalog_touch(void)
{
    index_now++;
}

/* --- Find --------------------------------------------------------------------------------------- */

static struct entry *find_entry(const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries[i].id, id) == 0)
            return &entries[i];
    return NULL;
}

const struct entry *catalog_find(const char *id)
{
    return find_entry(id);
}

const struct entry *catalog_next(const char *service, size_t *at)
{
    while (*at < count) {
        const struct entry *entry = &entries[(*at)++];
        if (strcmp(entry->service, service) == 0)
            return entry;
    }
    return NULL;
}

/* --- Change --------------------------------------------------------------------------------------- */

static int put_entry(const struct entry *entry)
{
    struct entry *place = find_entry(entry->id);
    if (!place && count == CATALOG_MAX)
        return -1;
    *(place ? place : &entries[count++]) = *entry;
    catalog_touch();
    return 0;
}

/* As a JSON string; -1: it does not fit. */
static int write_string(char *out, size_t size, const char *text)
{
    struct buf json = BUF_INIT(size - 1);
    bool whole = json_add_string(&json, text, strlen(text));
    snprintf(out, size, "%s", whole ? json.data : "\"\"");
    buf_close(&json);
    return whole ? 0 : -1;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static long long number_of(const json_t *object, const char *name, long long fallback)
{
    const json_t *number = json_object_get(object, name);
    return json_is_integer(number) ? json_integer_value(number) : fallback;
}

static int fill_entry(struct entry *entry, const json_t *service)
{
    const json_t *meta = json_object_get(service, "Meta"), *weights = json_object_get(service, "Weights");
    char version[100], zone[100];
    snprintf(entry->id, sizeof entry->id, "%s", text_of(service, "ID"));
    snprintf(entry->service, sizeof entry->service, "%s", text_of(service, "Name"));
    snprintf(entry->port, sizeof entry->port, "%lld", number_of(service, "Port", 0));
    snprintf(entry->weights, sizeof entry->weights, "{\"Passing\":%lld,\"Warning\":%lld}",
             number_of(weights, "Passing", 1), number_of(weights, "Warning", 1));
    if (write_string(entry->address, sizeof entry->address, text_of(service, "Address")) != 0 ||
        write_string(version, sizeof version, text_of(meta, "version")) != 0 ||
        write_string(zone, sizeof zone, text_of(meta, "zone")) != 0)
        return -1;
    snprintf(entry->meta, sizeof entry->meta, "{\"version\":%s,\"zone\":%s}", version, zone);
    return *entry->id && *entry->service ? 0 : -1;
}

#define ENTRY_INIT                                                                                           \
    {.node = "stand-in", .node_address = "\"127.0.0.1\"", .tags = "[]", .status = "\"passing\"",            \
     .node_status = "\"passing\""}

/* Passing from the start: this stand-in makes no health checks. */
int catalog_register(const char *body, size_t len)
{
    struct err ignored = ERR_INIT;
    struct entry entry = ENTRY_INIT;
    json_t *service = json_parse_new(body, len, &ignored);
    int status = service && fill_entry(&entry, service) == 0 ? put_entry(&entry) : -1;
    json_decref(service);
    return status;
}

int catalog_add_fixed(const char *list)
{
    int place = 0;
    char address[128];
    unsigned port;
    for (int len = 0; *list; list += len) {
        struct entry entry = ENTRY_INIT;
        len = 0;
        if (sscanf(list, "%127[^:,]:%u%n", address, &port, &len) != 2 || (list[len] && list[len++] != ',') ||
            write_string(entry.address, sizeof entry.address, address) != 0)
            return -1;
        snprintf(entry.id, sizeof entry.id, "user-service-%d", ++place);
        snprintf(entry.service, sizeof entry.service, "user-service");
        snprintf(entry.port, sizeof entry.port, "%u", port);
        snprintf(entry.meta, sizeof entry.meta, "{}");
        snprintf(entry.weights, sizeof entry.weights, "{\"Passing\":1,\"Warning\":1}");
        if (put_entry(&entry) != 0)
            return -1;
    }
    return place > 0 ? 0 : -1;
}

bool catalog_remove(const char *id)
{
    struct entry *entry = find_entry(id);
    if (!entry)
        return false;
    memmove(entry, entry + 1, (size_t)(&entries[count] - entry - 1) * sizeof *entry);
    count--;
    catalog_touch();
    return true;
}

bool catalog_set_status(const char *id, const char *status)
{
    struct entry *entry = find_entry(id);
    char quoted[sizeof entry->status];
    snprintf(quoted, sizeof quoted, "\"%s\"", status);
    if (entry && strcmp(entry->status, quoted) != 0) {
        memcpy(entry->status, quoted, sizeof quoted);
        catalog_touch();
    }
    return entry != NULL;
}

/* --- Write ---------------------------------------------------------------------------------------- */

/* An entry is as long as in Consul 1.8 (about 1.2 KB), so that a list of 10,000 entries costs as much as a real one. */
void catalog_write(struct buf *out, const struct entry *entry)
{
    if (out->len > 0 && out->data[out->len - 1] != '[')
        buf_adds(out, ",");
    buf_addf(out,
             "{\"Node\":{\"ID\":\"85c097c6-b922-a043-8b9d-6e18124d891f\",\"Node\":\"%s\",\"Address\":%s,"
             "\"Datacenter\":\"dc1\",\"TaggedAddresses\":{\"lan\":\"127.0.0.1\",\"lan_ipv4\":\"127.0.0.1\","
             "\"wan\":\"127.0.0.1\",\"wan_ipv4\":\"127.0.0.1\"},\"Meta\":{\"consul-network-segment\":\"\"},"
             "\"CreateIndex\":5,\"ModifyIndex\":6},",
             entry->node, entry->node_address);
    buf_addf(out,
             "\"Service\":{\"ID\":\"%s\",\"Service\":\"%s\",\"Tags\":%s,\"Address\":%s,\"Meta\":%s,\"Port\":%s,"
             "\"Weights\":%s,\"EnableTagOverride\":false,\"Proxy\":{\"MeshGateway\":{},\"Expose\":{}},"
             "\"Connect\":{},\"CreateIndex\":7,\"ModifyIndex\":7},",
             entry->id, entry->service, entry->tags, entry->address, entry->meta, entry->port, entry->weights);
    buf_addf(out,
             "\"Checks\":[{\"Node\":\"%s\",\"CheckID\":\"serfHealth\",\"Name\":\"Serf Health Status\","
             "\"Status\":%s,\"Notes\":\"\",\"Output\":\"Agent alive and reachable\",\"ServiceID\":\"\","
             "\"ServiceName\":\"\",\"ServiceTags\":[],\"Type\":\"\",\"Definition\":{},\"CreateIndex\":5,"
             "\"ModifyIndex\":5},{\"Node\":\"%s\",\"CheckID\":\"service:%s\",\"Name\":\"Service '%s' check\","
             "\"Status\":%s,\"Notes\":\"\",\"Output\":\"\",\"ServiceID\":\"%s\",\"ServiceName\":\"%s\","
             "\"ServiceTags\":%s,\"Type\":\"http\",\"Definition\":{},\"CreateIndex\":7,\"ModifyIndex\":8}]}",
             entry->node, entry->node_status, entry->node, entry->id, entry->service, entry->status, entry->id,
             entry->service, entry->tags);
}
