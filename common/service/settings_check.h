/* settings_check: checks of single values, for env_var.check. Each returns 0 or -1. */
#ifndef SERVICE_SETTINGS_CHECK_H
#define SERVICE_SETTINGS_CHECK_H

enum { SERVICE_NAME_MAX = 63 }; /* bytes: one label of a DNS name, for Consul's DNS interface */

/* A name that is valid in every registry, in URLs and in DNS: 1 to 63 letters,
 * digits, '.', '-', '_'. */
int settings_check_name(const char *value);
/* Letters, digits, '.', '-', '_', ':'. */
int settings_check_id(const char *value);
/* No control characters. */
int settings_check_printable(const char *value);
/* A numeric IPv4 or IPv6 address. */
int settings_check_bind_address(const char *value);
/* An address or a host name that callers accept in a registered entry. */
int settings_check_host(const char *value);
/* A PEM file that can be read. */
int settings_check_pem(const char *path);
int settings_check_absolute_path(const char *value);
/* As DISK_MIN_FREE: "5%" or "500MB". */
int settings_check_min_free(const char *value);

#endif
