/* dialect: how one kind of registry speaks. The stand-in knows the four calls of a registry and its catalog;
 * the dialect knows the paths and the JSON, as that kind's real server sends them.
 *
 * The faults of list_faults.c change the catalog's entries and write them again in the dialect, so that each works
 * with every kind. A fault that only one kind can have is in that kind's own table.
 */
#ifndef FAULTS_DIALECT_H
#define FAULTS_DIALECT_H

#include "catalog.h"
#include "faults/stand_in.h"

/* What a request asks for; requests are counted by it. Names: see registry_faults.c. */
enum asked { ASKED_LIST, ASKED_REGISTER, ASKED_DEREGISTER, ASKED_LOOK, ASKED_BEAT, ASKED_OTHER };

enum { SERVICE_NAME = 128 };

struct dialect {
    const char *kind;           /* the value of --kind */
    const char *server;         /* the server for which it stands in */
    const char *setting;        /* how a service finds it, up to the port; the rest is in setting_path */
    const char *setting_path;
    const char *flood;          /* how a list begins, with its first entry: {} */
    const struct fault *faults; /* that only this kind has */
    enum asked (*asked_for)(const struct request *request);
    /* False: the request is for something else than a list. */
    bool (*listed_service)(const struct request *request, char out[SERVICE_NAME]);
    /* Every request but that for a list. */
    void (*answer)(const struct request *request, struct reply *reply);
    /* Before a reply is sent; waits if the request is a blocking query. NULL: this kind has none. */
    void (*wait)(struct connection *connection, const struct request *request);
    /* A list is written in these steps. count: of its entries. */
    void (*begin_list)(struct reply *reply, const char *service);
    void (*add_entry)(struct buf *out, const struct entry *entry);
    void (*end_list)(const struct request *request, struct reply *reply, int count);
    void (*shape_error)(const struct request *request, struct reply *reply); /* NULL: as it is */
};

extern const struct dialect consul_dialect, nacos_dialect, nacos2_dialect, eureka_dialect;

/* At the start: which one is in use. */
void dialect_use(const struct dialect *chosen);
const struct dialect *dialect(void);

/* Appends a comma if `out` ends with an entry. */
void dialect_comma(struct buf *out);

#endif
