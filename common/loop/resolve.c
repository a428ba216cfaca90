#include "loop/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "loop/offload.h"

struct lookup {
    char host[256];
    char address[ADDRESS_MAX];
    int error; /* of getaddrinfo */
};

bool address_is_numeric(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static const struct addrinfo *prefer_ipv4(const struct addrinfo *list)
{
    for (const struct addrinfo *entry = list; entry; entry = entry->ai_next)
        if (entry->ai_family == AF_INET)
            return entry;
    return list;
}

static void look_up(void *arg)
{
    struct lookup *lookup = arg;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    lookup->error = getaddrinfo(lookup->host, NULL, &hints, &list);
    if (lookup->error != 0)
        return;
    const struct addrinfo *best = prefer_ipv4(list);
    lookup->error = getnameinfo(best->ai_addr, best->ai_addrlen, lookup->address, sizeof lookup->address, NULL, 0,
                                NI_NUMERICHOST);
    freeaddrinfo(list);
}

int resolve_host(const char *host, char out[ADDRESS_MAX], int64_t deadline, struct err *err)
{
    static const struct offload_job job = {.work = look_up};
    struct lookup lookup = {.error = 0};
    if (address_is_numeric(host)) {
        snprintf(out, ADDRESS_MAX, "%s", host);
        return 0;
    }
    if (strlen(host) >= sizeof lookup.host)
        return err_set(err, ERR_INVALID, "cannot resolve %.40s…: host name longer than 255 bytes", host);

    snprintf(lookup.host, sizeof lookup.host, "%s", host);
    if (offload_run(&job, &lookup, sizeof lookup, deadline, err) != 0)
        return err_prefix(err, "cannot resolve %s", host);
    if (lookup.error != 0)
        return err_set(err, ERR_UNREACHABLE, "cannot resolve %s: %s", host, gai_strerror(lookup.error));
    snprintf(out, ADDRESS_MAX, "%s", lookup.address);
    return 0;
}
