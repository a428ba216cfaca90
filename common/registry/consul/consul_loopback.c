#include "registry/consul/consul_loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "net/json.h"
#include "registry/consul/consul_checks.h"

enum { PATH_CAP = 4096 }; /* bytes, percent-encoded */

/* --- Loopback addresses --------------------------------------------------------------------- */

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

/* --- The agent's address -------------------------------------------------------------------- */

/* The reply to a GET, which the caller owns. NULL: none, or the token does not allow it. */
static json_t *query_new(struct consul_http *http, const char *path, int64_t deadline)
{
    const struct http_call call = {.path = path, .deadline = deadline, .body_cap = CONSUL_SMALL_REPLY};
    struct http_response response = HTTP_RESPONSE_INIT;
    struct err ignored = ERR_INIT;
    json_t *reply = NULL;
    if (consul_http_call(http, &call, &response, &ignored) == 0 && response.status == 200)
        reply = json_parse_new(buf_text(&response.body), response.body.len, &ignored);
    http_response_close(&response);
    return reply;
}

/* Our own check names the agent's node, and the catalog has the node's address. Needs node:read, which the token
 * of a service identity has. */
static json_t *query_node_new(struct consul_http *http, const char *id, int64_t deadline)
{
    struct buf path = BUF_INIT(PATH_CAP);
    struct err ignored = ERR_INIT;
    json_t *checks, *check, *reply = NULL;
    const char *key, *node = NULL;
    consul_checks_read(http, id, deadline, &checks, &ignored);
    json_object_foreach(checks, key, check)
        if (consul_checks_is_of(check, id))
            node = json_string_value(json_object_get(check, "Node"));
    if (node && buf_adds(&path, "/v1/catalog/node/") && url_add_segment(&path, node))
        reply = query_new(http, buf_text(&path), deadline);
    json_decref(checks);
    buf_close(&path);
    return reply;
}

/* Frees the reply. False: it has no such text. */
static bool take_text(json_t *reply, const char *object, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(json_object_get(reply, object), key));
    snprintf(out, size, "%s", text ? text : "");
    json_decref(reply);
    return *out != '\0';
}

/* The address that the agent advertises to other machines. With ACLs, the agent's own reply needs agent:read.
 * False: the token allows neither query. */
static bool read_agent_address(struct consul_http *http, const char *id, int64_t deadline, char *out, size_t size)
{
    return take_text(query_new(http, "/v1/agent/self", deadline), "Member", "Addr", out, size) ||
           take_text(query_node_new(http, id, deadline), "Node", "Address", out, size);
}

void consul_warn_loopback(struct consul_http *http, const struct registration_spec *spec, const char *address,
                          int64_t deadline)
{
    char agent_address[ADDRESS_MAX];
    if (!consul_is_loopback(address) ||
        !read_agent_address(http, spec->id, deadline, agent_address, sizeof agent_address) ||
        consul_is_loopback(agent_address))
        return;
    log_warn("registered_on_loopback", log_s("registry", "consul"), log_s("id", spec->id), log_s("address", address),
             log_s("agent_address", agent_address),
             log_s("hint", "SERVICE_ADDRESS=<address-that-other-machines-can-reach>"));
}
