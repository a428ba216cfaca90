/* registration_spec: what an instance registers, in the same form for every kind of registry. The files that write a
 * registry's wire format need only this, not its operations (registry.h).
 */
#ifndef REGISTRY_REGISTRATION_SPEC_H
#define REGISTRY_REGISTRATION_SPEC_H

#include <stdint.h>

/* The values of SERVICE_CHECK, in the order of the enum: the setting is an index into both. */
#define CHECK_KIND_NAMES "http|tcp|ttl|grpc|none"

enum check_kind { CHECK_HTTP, CHECK_TCP, CHECK_TTL, CHECK_GRPC, CHECK_NONE };

/* What an operator has ordered of this process. AS_IS: nothing. What the registry itself keeps then stays: an operator
 * may have set it there. */
enum maintenance { MAINTENANCE_AS_IS, MAINTENANCE_ON, MAINTENANCE_OFF };
enum { REGISTRATION_WEIGHT_MAX = 65535, REGISTRATION_REASON_MAX = 200 * 4 /* bytes: 200 characters in UTF-8 */ };

/* What an instance registers. The text is borrowed, and never NULL. */
struct registration_spec {
    const char *service, *id;
    const char *address; /* "": the local address from which we reach the registry */
    uint16_t port;
    const char *tags;           /* comma-separated */
    const char *version, *zone; /* "": left out */
    int weight;
    enum maintenance maintenance;
    const char *maintenance_reason; /* only with MAINTENANCE_ON, else NULL is allowed */
    enum check_kind check;
    uint16_t grpc_port;
    int64_t check_interval_ms, check_timeout_ms;
    int64_t deregister_after_ms; /* how long it may be critical before the registry reaps it */
};

#endif
