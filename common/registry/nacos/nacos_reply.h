/* nacos_reply: the replies of both versions of Nacos' HTTP API, as pure functions that do no I/O.
 *
 * Errors come in several forms: a code in the body with status 200 or 400, a page of the web framework in JSON, or
 * plain text.
 */
#ifndef REGISTRY_NACOS_REPLY_H
#define REGISTRY_NACOS_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "registry/instance.h"
#include "registry/nacos/nacos_request.h"

enum nacos_result {
    NACOS_OK,
    NACOS_UNKNOWN_INSTANCE, /* of a heartbeat: register again */
    NACOS_FAILED,           /* err has Nacos' own words, and what to do if these do not say it */
};

/* The result of a request to register, send a heartbeat or deregister. */
enum nacos_result nacos_parse_result(int status, const char *body, size_t len, struct err *err);
/* Sets err to the reason of a reply that is an error. Returns -1. */
int nacos_parse_error(int status, const char *body, size_t len, struct err *err);
/* Whether a reply to nacos_add_probe shows that the server knows this version. */
bool nacos_shows_api(enum nacos_api api, int status, const char *body, size_t len);
/* Whether the server wants a login: there was no token, it has expired, or the server does not know it. False for a
 * user who may not do this. */
bool nacos_wants_login(int status, const char *body);
/* True if the reply to NACOS_NAMESPACES is a list without this id. The server itself accepts any id. */
bool nacos_lacks_namespace(const char *body, size_t len, const char *id);

/* The token, and how long it lives; INT64_MAX if the reply does not say it. 0, or -1: not a login's reply. */
int nacos_parse_login(const char *body, size_t len, char *token, size_t size, int64_t *ttl_ms, struct err *err);

/* --- The list ------------------------------------------------------------------------------ */

/* Checks what stands around a list. 0, or -1: it is an error, or not Nacos'. */
int nacos_check_envelope(enum nacos_api api, const char *body, size_t len, struct err *err);
/* The member of the reply that is the list. */
const char *nacos_list_member(enum nacos_api api);
/* An entry of a list: list_read_entry. */
const char *nacos_read_entry(const json_t *entry, struct instance *instance);

#endif
