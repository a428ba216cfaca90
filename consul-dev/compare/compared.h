/* compared: what the comparison has to know about each kind of registry. All of it is data, except how its servers
 * are started.
 */
#ifndef COMPARE_COMPARED_H
#define COMPARE_COMPARED_H

#include "members.h"
#include "service/registry_order.h"

enum direct_request { READ_LIST, REGISTER_ONE, DIRECT_REQUESTS };

struct compared {
    const char *title;
    const char *java; /* what get-java-server calls it; NULL: it needs no Java */
    /* Of the services. format: the address of one server, with its port. */
    const char *setting, *format;
    int limit_s;       /* how long a change of the list may take: a new instance, one that deregisters */
    int minutes;       /* that measuring it takes, about */
    int servers, lost; /* how many servers run, and how many of them the outage stops: a majority, or one peer */
    start_members *start;
    /* What an instance and a caller send, as one plain request. */
    struct direct {
        const char *method, *path, *body;
        const char *headers[3];
    } direct[DIRECT_REQUESTS];
};

extern const struct compared compared[KINDS];

#endif
