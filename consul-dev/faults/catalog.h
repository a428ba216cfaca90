/* catalog: what the stand-in for Consul knows, in memory: instances, and an index
 * that grows with each change of them.
 */
#ifndef FAULTS_CATALOG_H
#define FAULTS_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { CATALOG_MAX = 64 };

/* The last seven as they stand in JSON (quotes, braces and all), so that a fault
 * can write what no careful program would. */
struct entry {
    char id[128], service[128];
    char address[160], node_address[160], port[16], tags[160], meta[256], weights[64], status[16];
};

/* From a registration's body. 0, or -1: it makes no sense, or there is no room. */
int catalog_register(const char *body, size_t len);
/* "127.0.0.1:8001,127.0.0.1:8002": user-service-1 and so on. 0, or -1. */
int catalog_add_fixed(const char *list);
bool catalog_remove(const char *id); /* false: it is not there */
/* status: "passing", "warning" or "critical". */
bool catalog_set_status(const char *id, const char *status);
const struct entry *catalog_find(const char *id); /* NULL: it is not there */

/* The next instance of a service from *at on, which it moves on (0 at first); NULL: that was the last. */
const struct entry *catalog_next(const char *service, size_t *at);

uint64_t catalog_index(void);
void catalog_touch(void); /* as if something had changed */

/* Appends it as /v1/health/service/:name has it; a comma first where `out` does not end in '['. */
void catalog_write(struct buf *out, const struct entry *entry);

#endif
