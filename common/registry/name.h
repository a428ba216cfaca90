/* name: which service names and instance ids the settings accept.
 *
 * Each of them becomes one segment of a URL, one part of a key in etcd and the name of a file. So it has only
 * characters that need no escape there, and it is not a segment that a server reads as something else: "." and
 * ".." are removed from every URL, even if they are percent-encoded.
 */
#ifndef REGISTRY_NAME_H
#define REGISTRY_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SERVICE_NAME_MAX = 63, /* bytes: one label of a DNS name, for Consul's DNS interface */
    INSTANCE_ID_MAX = 128, /* bytes */
};

/* The accepted values, for --help and errors. */
#define SERVICE_NAME_ACCEPTS "1 to 63 letters, digits, '.', '-', '_'; not '.' or '..'"
#define INSTANCE_ID_ACCEPTS \
    "1 to 128 letters, digits, '.', '-', '_', ':'; not '.', '..', 'register', 'deregister' or 'maintenance'"

bool service_name_is_valid(const char *name, size_t len);
bool instance_id_is_valid(const char *id);

#endif
