/* model: what the playground knows: the nodes of the picture (node.h), what order-service knows, the
 * load, the settings and the running scenario.
 *
 * The parts of the program write into it: processes.c what the processes do, the observers what
 * the services and registries say, load.c the calls. state.c writes it as JSON for the page.
 * There is one thread and no lock: a fiber may not use a pointer to a node after it has waited,
 * because the node may have been removed. It looks the node up by its id again.
 */
#ifndef PLAYGROUND_MODEL_H
#define PLAYGROUND_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "marks.h"
#include "node.h"
#include "options.h"
#include "seconds.h"

struct http_client;
struct group;

enum { NODES_MAX = 128 };

/* What GET /discovery and /discovery/explain of order-service say. */
struct knowledge {
    bool known; /* false: order-service does not answer */
    char source[16];
    int64_t age_ms, at_ms;       /* the age, and when it was read (clock_ms) */
    char last_error[DETAIL_MAX]; /* "": none */
    bool panic;
    char next[TARGET_MAX], tier[16]; /* next "": no instance can be picked */
    struct buf passed_over;          /* a JSON array; "": not known */
};

/* What the page can change of order-service's settings. */
struct caller_settings {
    int policy; /* index into BALANCE_POLICY_NAMES */
    int ttl_s;
    int slow_start_s;   /* 0: off */
    int backup_ms;      /* 0: off */
    int canary_percent; /* of the users, sent to CANARY_VERSION; CANARY_OFF: versions do not count */
};

enum { CANARY_OFF = -1 };
#define CANARY_VERSION "2.0.0"

struct load_setting {
    bool on;
    int rate;     /* calls a second */
    char key[20]; /* a user id, or "random" */
};

struct scenario_view {
    const char *name; /* NULL: none has run yet; static text */
    int step, steps;
    const char *state; /* "running", "passed", "failed", "skipped", "stopped" */
    struct buf seen;   /* the members of a JSON object, without braces */
    uint64_t run;      /* counts the scenarios */
    struct buf output; /* the lines that a pitfall has printed so far, in this language */
    const char *language;
};

struct model {
    const struct options *options;
    struct http_client *http;
    struct group *fibers;          /* all that run until the program ends */
    struct node *nodes[NODES_MAX]; /* in the order of the picture */
    size_t node_count;
    struct knowledge knowledge;
    struct load_setting load;
    int load_holds; /* reasons to make no calls now: the start, and a restart of order-service */
    struct caller_settings settings;
    struct scenario_view scenario;
    bool resetting; /* everything is being put back */
    struct marks marks;
    struct seconds seconds;
};

/* Adds a node in its place. NULL: NODES_MAX are there, or out of memory. */
struct node *model_add(struct model *model, enum node_kind kind, const char *id);
/* Takes it out of the picture, and frees it as soon as no fiber watches it. */
void model_remove(struct model *model, struct node *node);
/* NULL: there is no such node. */
struct node *model_find(const struct model *model, const char *id);
/* The first node of this kind; NULL: there is none. */
struct node *model_first(const struct model *model, enum node_kind kind);

void mark(struct model *model, const char *code, const struct node *node, const char *text);

/* The share of the picks since the last change, 0 to 1; until the first pick after it, the share before. */
double model_share(const struct model *model, const struct node *node);
/* The shares of the picks are counted from now on. */
void model_restart_shares(struct model *model);

#endif
