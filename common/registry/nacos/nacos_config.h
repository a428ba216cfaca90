/* nacos_config: how to reach Nacos, from the settings NACOS_*. */
#ifndef REGISTRY_NACOS_CONFIG_H
#define REGISTRY_NACOS_CONFIG_H

/* Borrowed for as long as the registry lives. "" for what is not set. */
struct nacos_config {
    const char *server_addr;         /* NACOS_SERVER_ADDR: see nacos_check_server_addr() */
    const char *namespace_id, *group;
    const char *username, *password; /* no username: no login */
    const char *password_file;       /* used instead of password; read at each login */
};

/* A comma-separated list of [http[s]://]host[:port][/path], the servers of one registry; the port is 8848 and the path
 * /nacos if they are left out. 0 or -1, for the check of a setting. */
int nacos_check_server_addr(const char *server_addr);

#endif
