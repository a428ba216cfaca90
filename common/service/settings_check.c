#include "service/settings_check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "loop/resolve.h"
#include "registry/instance.h"
#include "registry/name.h"
#include "service/disk.h"

int settings_check_name(const char *value)
{
    return service_name_is_valid(value, strlen(value)) ? 0 : -1;
}

int settings_check_id(const char *value)
{
    return instance_id_is_valid(value) ? 0 : -1;
}

int settings_check_printable(const char *value)
{
    const unsigned char *p = (const unsigned char *)value, *end = p + strlen(value);
    while (p < end) {
        size_t len = utf8_len(p, (size_t)(end - p));
        if (len == 0 || *p < 0x20 || *p == 0x7f)
            return -1;
        p += len;
    }
    return 0;
}

int settings_check_bind_address(const char *value)
{
    return address_is_numeric(value) ? 0 : -1;
}

/* Callers check a registered entry by the same rule, and drop it if it fails. */
int settings_check_host(const char *value)
{
    struct err ignored = ERR_INIT;
    struct instance self = {.id = "self", .address = value, .port = 1};
    return instance_check(&self, &ignored);
}

/* To listen at 0.0.0.0 means all addresses, but no other machine can connect to it. Consul refuses to register it. */
int settings_check_service_address(const char *value)
{
    struct in_addr ipv4;
    struct in6_addr ipv6;
    bool is_any = inet_aton(value, &ipv4) ? ipv4.s_addr == INADDR_ANY
                                          : inet_pton(AF_INET6, value, &ipv6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&ipv6);
    return is_any ? -1 : settings_check_host(value);
}

/* Reads the file now. Otherwise the only sign of a wrong file would be a registry that
 * cannot be reached. */
int settings_check_pem(const char *path)
{
    struct stat about;
    char line[256];
    bool found = false;
    FILE *file = stat(path, &about) == 0 && S_ISREG(about.st_mode) ? fopen(path, "re") : NULL;
    if (!file)
        return -1;
    while (!found && fgets(line, sizeof line, file)) /* a PEM file may begin with comments */
        found = strncmp(line, "-----BEGIN ", 11) == 0;
    fclose(file);
    return found ? 0 : -1;
}

int settings_check_absolute_path(const char *value)
{
    return *value == '/' ? 0 : -1;
}

int settings_check_min_free(const char *value)
{
    struct disk_min_free min;
    return disk_parse_min_free(value, &min);
}
