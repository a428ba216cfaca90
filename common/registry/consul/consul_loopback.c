#include "registry/consul/consul_loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "net/json.h"

/* 127.0.0.0/8. A caller that connects to 0.0.0.0 also reaches its own machine. */
static bool is_loopback_ipv4(uint32_t address)
{
    return address >> 24 == 127 || address == 0;
}

static bool is_loopback_ipv6(const struct in6_addr *address)
{
    uint32_t low;
    memcpy(&low, address->s6_addr + 12, sizeof low);
    return IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_UNSPECIFIED(address) ||
           (IN6_IS_ADDR_V4MAPPED(address) && is_loopback_ipv4(ntohl(low)));
}

/* The names that Debian's /etc/hosts has for it, and those of RFC 6761: "localhost" and all below it. */
static bool is_loopback_name(const char *name)
{
    static const char *const names[] = {"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"};
    static const char below[] = ".localhost";
    size_t len = strlen(name);
    if (len > 0 && name[len - 1] == '.')
        len--;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && strncasecmp(name, names[i], len) == 0)
            return true;
    size_t below_len = sizeof below - 1;
    return len > below_len && strncasecmp(name + len - below_len, below, below_len) == 0;
}

/* inet_aton() reads the short forms of IPv4 as a connect does: 127.1, 0x7f.1, 0. */
bool consul_is_loopback(const char *address)
{
    struct in_addr ipv4;
    struct in6_addr ipv6;
    if (inet_aton(address, &ipv4))
        return is_loopback_ipv4(ntohl(ipv4.s_addr));
    return inet_pton(AF_INET6, address, &ipv6) == 1 ? is_loopback_ipv6(&ipv6) : is_loopback_name(address);
}

/* The address that the agent tells other machines. False: it did not say. */
static bool read_agent_address(struct consul_http *http, int64_t deadline, char *out, size_t size)
{
    const struct http_call call = {
        .path = "/v1/agent/self", .deadline = deadline, .body_cap = CONSUL_SMALL_REPLY};
    struct http_response response = HTTP_RESPONSE_INIT;
    struct err ignored = ERR_INIT;
    json_t *self = NULL;
    if (consul_http_call(http, &call, &response, &ignored) == 0 && response.status == 200)
        self = json_parse_new(buf_text(&response.body), response.body.len, &ignored);
    const char *address = json_string_value(json_object_get(json_object_get(self, "Member"), "Addr"));
    snprintf(out, size, "%s", address ? address : "");
    json_decref(self);
    http_response_close(&response);
    return *out != '\0';
}

void consul_warn_loopback(struct consul_http *http, const struct registration_spec *spec, const char *address,
                          int64_t deadline)
{
    char agent_address[ADDRESS_MAX];
    if (!consul_is_loopback(address) || !read_agent_address(http, deadline, agent_address, sizeof agent_address) ||
        consul_is_loopback(agent_address))
        return;
    log_warn("registered_on_loopback", log_s("registry", "consul"), log_s("id", spec->id), log_s("address", address),
             log_s("agent_address", agent_address),
             log_s("hint", "SERVICE_ADDRESS=<address-that-other-machines-can-reach>"));
}
