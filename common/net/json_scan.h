/* json_scan: is this, beyond doubt, one strict JSON object? Inside of json.
 *
 * A proxied reply is looked at for this one bit, and a tree that is built and
 * freed for it was a ninth of order-service's work on a request. So a scan says
 * yes to what replies mostly are: a few members that do not nest, short numbers,
 * no exotic escapes. For all else it need not know the answer: jansson does. It
 * can be wrong in one direction only, and that is what its tests look for.
 */
#ifndef NET_JSON_SCAN_H
#define NET_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* True: json_parse_new would make an object of it. False: perhaps. */
bool json_scan_is_object(const char *bytes, size_t len);

#endif
