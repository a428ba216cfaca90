/* refusal: why an action of the page was refused, and the members of its request. */
#ifndef PLAYGROUND_REFUSAL_H
#define PLAYGROUND_REFUSAL_H

#include "net/json.h"

struct refusal {
    int status;       /* of the reply: 403, 404, 409, 422 or 503 */
    const char *code; /* for the page, which words it: "is_running"; static text */
    struct err err;   /* the same in words */
};

enum { WEIGHT_MAX = 65535 };

/* Each sets *refusal and returns -1. code: static text. */
int refuse(struct refusal *refusal, int status, const char *code, const char *text);
int wrong_value(struct refusal *refusal, const char *text);
/* For what the program refuses itself: refusal->err is set. */
int cannot(struct refusal *refusal, const char *code);

/* A whole number in this range, or `fallback` if the member is absent. -1: anything else. */
int64_t number_member(const json_t *request, const char *name, int64_t min, int64_t max, int64_t fallback);

#endif
