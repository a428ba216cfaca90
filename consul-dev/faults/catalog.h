/* catalog: the instances that the stand-in for a registry stores in memory, and an index that
 * grows with each change. It knows no registry's format: that is a dialect's.
 */
#ifndef FAULTS_CATALOG_H
#define FAULTS_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { CATALOG_MAX = 64 };

enum entry_status { ENTRY_PASSING, ENTRY_WARNING, ENTRY_CRITICAL };

/* The members of the second line are JSON text (with quotes and braces), so that a fault can
 * also write text that is not valid. */
struct entry {
    char id[128], service[128], node[64];
    char address[160], port[16], version[100], zone[100], tags[160];
    int weight;
    enum entry_status status;
    bool node_down;
    bool is_bare; /* members that a registry may leave out are null */
};

/* An entry to fill in: it is passing, and at our node. */
struct entry catalog_entry(void);
/* Adds it, or replaces the one with its id. 0, or -1: it has no id or no service, or the catalog is full. */
int catalog_put(const struct entry *entry);
/* "127.0.0.1:8001,127.0.0.1:8002" adds user-service-1 and user-service-2. 0, or -1. */
int catalog_add_fixed(const char *list);
bool catalog_remove(const char *id); /* false: unknown id */
/* False: unknown id. */
bool catalog_set_status(const char *id, enum entry_status status);
const struct entry *catalog_find(const char *id); /* NULL: unknown id */

/* Iterates over the instances of a service: *at is 0 at first. NULL: the end. */
const struct entry *catalog_next(const char *service, size_t *at);

uint64_t catalog_index(void);
void catalog_touch(void); /* increases the index, as after a change */

/* Writes text as a JSON string, for a member of an entry. -1: it does not fit. */
int catalog_quote(char *out, size_t size, const char *text);

#endif
