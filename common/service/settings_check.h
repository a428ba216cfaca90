/* settings_check: checks of single values, for env_var.check. Each returns 0 or -1. */
#ifndef SERVICE_SETTINGS_CHECK_H
#define SERVICE_SETTINGS_CHECK_H

/* The name of a service, and the id of an instance: registry/name.h. */
int settings_check_name(const char *value);
int settings_check_id(const char *value);
/* UTF-8 without control characters: other bytes would change on their way through JSON. */
int settings_check_printable(const char *value);
/* A numeric IPv4 or IPv6 address. */
int settings_check_bind_address(const char *value);
/* An address or a host name that callers accept in a registered entry. */
int settings_check_host(const char *value);
/* The same, but not 0.0.0.0 or :: in any spelling. */
int settings_check_service_address(const char *value);
/* A PEM file that can be read. */
int settings_check_pem(const char *path);
int settings_check_absolute_path(const char *value);
/* As DISK_MIN_FREE: "5%" or "500MB". */
int settings_check_min_free(const char *value);

#endif
