#include "catalog.h"

#include <stdio.h>
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

struct entry catalog_entry(void)
{
    return (struct entry){.node = "stand-in", .address = "\"127.0.0.1\"", .port = "0", .version = "\"\"",
                          .zone = "\"\"", .tags = "\"\"", .weight = 1};
}

int catalog_put(const struct entry *entry)
{
    struct entry *place = find_entry(entry->id);
    if (!*entry->id || !*entry->service || (!place && count == CATALOG_MAX))
        return -1;
    *(place ? place : &entries[count++]) = *entry;
    catalog_touch();
    return 0;
}

int catalog_quote(char *out, size_t size, const char *text)
{
    struct buf json = BUF_INIT(size - 1);
    bool whole = json_add_string(&json, text, strlen(text));
    snprintf(out, size, "%s", whole ? json.data : "\"\"");
    buf_close(&json);
    return whole ? 0 : -1;
}

int catalog_add_fixed(const char *list)
{
    int place = 0;
    char address[128];
    unsigned port;
    for (int len = 0; *list; list += len) {
        struct entry entry = catalog_entry();
        len = 0;
        if (sscanf(list, "%127[^:,]:%u%n", address, &port, &len) != 2 || (list[len] && list[len++] != ',') ||
            catalog_quote(entry.address, sizeof entry.address, address) != 0)
            return -1;
        snprintf(entry.id, sizeof entry.id, "user-service-%d", ++place);
        snprintf(entry.service, sizeof entry.service, "user-service");
        snprintf(entry.port, sizeof entry.port, "%u", port);
        if (catalog_put(&entry) != 0)
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

bool catalog_set_status(const char *id, enum entry_status status)
{
    struct entry *entry = find_entry(id);
    if (entry && entry->status != status) {
        entry->status = status;
        catalog_touch();
    }
    return entry != NULL;
}
