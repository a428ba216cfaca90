/* client: runs the learner's caller, a program in any language, and makes calls with it.
 *
 * The program reads user ids on standard input, one per line. For each it prints one line: the JSON object of
 * the user, or `error: ` and the reason. A program that breaks this rule fails the running check. Each check is
 * a process of its own and runs one client, so the client's state is global.
 *
 *     client_start(&folder, consul.url);
 *     if (!client_call())
 *         fail(TEXT("...: %s", "……：%s"), client_error());
 *     client_end();
 */
#ifndef ANY_LANGUAGE_CLIENT_H
#define ANY_LANGUAGE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/place.h"

enum {
    CACHE_TTL_S = 1,     /* what the client gets as CACHE_TTL: short, so that a check need not wait long */
    CALLS_A_SECOND = 50, /* of client_calls_for() */
};

/* Runs $CMD with CONSUL_HTTP_ADDR=consul_url and CACHE_TTL. */
void client_start(const struct folder *folder, const char *consul_url);
/* One call, with the next id. False: the client printed an error. */
bool client_call(void);
/* The client's last error, without "error: ". */
const char *client_error(void);

struct client_calls {
    int answered, planned, failed;
    int waited;                 /* calls that took much longer than usual */
    int64_t took_ms, waited_ms; /* in all calls, and in those that waited */
    char first_error[200];      /* "": none failed */
};
/* Calls at an even rate for this time. */
void client_calls_for(int64_t ms, struct client_calls *calls);
/* Calls for a moment while everything works, to know how long a call of this program takes on this machine. */
void client_measure_usual(void);

/* Ends the input. The check fails if the client does not end then. */
void client_end(void);

#endif
