#include "loop/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "loop/offload.h"

struct lookup {
    char host[256];
    struct addresses addresses;
    int error; /* of getaddrinfo */
};

static bool (*look_up_instead)(const char *host, struct addresses *out);

void resolve_with(bool (*look_up)(const char *host, struct addresses *out))
{
    look_up_instead = look_up;
}

bool address_is_numeric(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* IPv4 first: where a machine has no route to an IPv6 address, a connection to it may hang. */
static int add_family(const struct addrinfo *entry, int family, struct addresses *out)
{
    int error = 0;
    for (; entry && error == 0 && out->count < ADDRESSES_MAX; entry = entry->ai_next)
        if (entry->ai_family == family)
            error = getnameinfo(entry->ai_addr, entry->ai_addrlen, out->list[out->count++], ADDRESS_MAX, NULL, 0,
                                NI_NUMERICHOST);
    return error;
}

static void look_up(void *arg)
{
    struct lookup *lookup = arg;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    if (look_up_instead) {
        lookup->error = look_up_instead(lookup->host, &lookup->addresses) ? 0 : EAI_NONAME;
        return;
    }
    lookup->error = getaddrinfo(lookup->host, NULL, &hints, &list);
    if (lookup->error != 0)
        return;
    lookup->error = add_family(list, AF_INET, &lookup->addresses);
    if (lookup->error == 0)
        lookup->error = add_family(list, AF_INET6, &lookup->addresses);
    freeaddrinfo(list);
}

static int resolve_name(const char *host, struct addresses *out, int64_t deadline, struct err *err)
{
    static const struct offload_job job = {.work = look_up};
    struct lookup lookup = {.error = 0};
    if (strlen(host) >= sizeof lookup.host)
        return err_set(err, ERR_INVALID, "cannot resolve %.40s…: host name longer than 255 bytes", host);

    snprintf(lookup.host, sizeof lookup.host, "%s", host);
    if (offload_run(&job, &lookup, sizeof lookup, deadline, err) != 0)
        return err_prefix(err, "cannot resolve %s", host);
    if (lookup.error == 0 && lookup.addresses.count == 0)
        lookup.error = EAI_NONAME;
    if (lookup.error != 0)
        return err_set(err, ERR_UNREACHABLE, "cannot resolve %s: %s", host, gai_strerror(lookup.error));
    *out = lookup.addresses;
    return 0;
}

int resolve_host(const char *host, struct addresses *out, int64_t deadline, struct err *err)
{
    if (!address_is_numeric(host))
        return resolve_name(host, out, deadline, err);
    snprintf(out->list[0], ADDRESS_MAX, "%s", host);
    out->count = 1;
    return 0;
}
