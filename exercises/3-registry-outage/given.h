/* What exercise 3 gives you. You edit instances.c only. */
#ifndef GIVEN_H
#define GIVEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err; /* why it failed; shown to a person */

/* The instances of user-service. An assignment copies the whole list: a = b; */
struct instance {
    char id[64], address[64];
    int port;
};
struct list {
    int n;
    struct instance at[64];
};

/* The cache from one call to the next: the lesson's self.cache[service_name]. All zero at first. */
struct entry {
    bool filled;         /* is there a list? */
    int64_t fetched_ms;  /* when it was fetched */
    int64_t next_try_ms; /* for level 2: do not ask Consul before this moment */
    struct list list;
};

/* Asks Consul for the healthy instances. It waits for up to a second; other requests run meanwhile and read
 * your entry. Returns 0 with a list, or -1 with the reason in `why` (then the content of *out is undefined). */
int ask_consul(struct list *out, struct err *why);
/* Writes a reason, as printf does. Returns -1: return err_set(why, "no instances"); */
int err_set(struct err *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* You write this one: it is called for each request. now_ms is the time, ttl_ms how long a list is fresh.
 * Returns 0 with a list in *out, or -1 with the reason in `why`. */
int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why);

#endif
