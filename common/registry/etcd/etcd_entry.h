/* etcd_entry: an instance as etcd stores it, as pure functions that do no I/O.
 *
 * An instance is one key, /services/<name>/<id>, with the value
 * {"address","port","weight","version","zone","status","tags"}. Keys and values are in base64.
 *
 * Each etcd_…_new returns a member of a request, which the caller owns. NULL: it is too long, or out of memory.
 */
#ifndef REGISTRY_ETCD_ENTRY_H
#define REGISTRY_ETCD_ENTRY_H

#include "base/buf.h"
#include "base/err.h"
#include "net/json.h"
#include "registry/instance_list.h"
#include "registry/registration_spec.h"

enum { ETCD_KEY_CAP = 1024 }; /* bytes of our own key */

/* --- Keys ------------------------------------------------------------------------ */

json_t *etcd_own_key_new(const struct registration_spec *spec);
/* The first key of the service's list, or, if last_key is not empty, of the page after it. */
json_t *etcd_first_key_new(const char *service, const struct buf *last_key);
/* The first key that comes after those of the service. */
json_t *etcd_range_end_new(const char *service);

/* --- Values and entries ---------------------------------------------------------- */

json_t *etcd_value_new(const struct registration_spec *spec, const char *address, enum instance_status status);

/* Adds the instance of an entry of the list, or counts the entry as dropped if it cannot be used. Leaves the
 * entry's key in last_key. -1: the entry has no key, or out of memory. */
int etcd_read_entry(const json_t *entry, const char *service, struct buf *last_key, struct instance_list *list,
                    struct err *err);

#endif
