/* catalog: the instances that the stand-in for Consul stores in memory, and an index that
 * grows with each change.
 */
#ifndef FAULTS_CATALOG_H
#define FAULTS_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { CATALOG_MAX = 64 };

/* The members of the second line are JSON text (with quotes and braces), so that a fault can
 * also write text that is not valid. */
struct entry {
    char id[128], service[128], node[64];
    char address[160], node_address[160], port[16], tags[160], meta[256], weights[64], status[16], node_status[16];
};

/* body: the body of a registration. 0, or -1: the body is not valid, or the catalog is full. */
int catalog_register(const char *body, size_t len);
/* "127.0.0.1:8001,127.0.0.1:8002" adds user-service-1 and user-service-2. 0, or -1. */
int catalog_add_fixed(const char *list);
bool catalog_remove(const char *id); /* false: unknown id */
/* status: "passing", "warning" or "critical". */
bool catalog_set_status(const char *id, const char *status);
const struct entry *catalog_find(const char *id); /* NULL: unknown id */

/* Iterates over the instances of a service: *at is 0 at first. NULL: the end. */
const struct entry *catalog_next(const char *service, size_t *at);

uint64_t catalog_index(void);
void catalog_touch(void); /* increases the index, as after a change */

/* Appends the entry in the format of /v1/health/service/:name, after a comma unless `out` ends in '['. */
void catalog_write(struct buf *out, const struct entry *entry);

#endif
