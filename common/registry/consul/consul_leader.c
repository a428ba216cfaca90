#include "registry/consul/consul_leader.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/env.h"

enum { QUERY_MS = 500 };

/* The agent replies with the leader's address, or with "" in quotes. An error says nothing about the leader:
 * the agent may see no server at all. */
static enum registry_leader query_leader(struct consul_http *http)
{
    const struct http_call call = {
        .path = "/v1/status/leader", .deadline = deadline_in(QUERY_MS), .body_cap = CONSUL_SMALL_REPLY};
    struct http_response response = HTTP_RESPONSE_INIT;
    struct err ignored = ERR_INIT;
    enum registry_leader leader = LEADER_UNKNOWN;
    if (consul_http_call(http, &call, &response, &ignored) == 0 && response.status == 200)
        leader = strstr(buf_text(&response.body), "\"\"") ? LEADER_NONE : LEADER_KNOWN;
    http_response_close(&response);
    return leader;
}

static bool header_is(const struct http_response *response, const char *name, const char *word)
{
    char value[24];
    return http_response_header(response, name, value, sizeof value) && strcasecmp(value, word) == 0;
}

bool consul_is_streamed(const struct http_response *response)
{
    return header_is(response, "X-Consul-Query-Backend", "streaming");
}

enum registry_leader consul_leader_of(struct consul_http *http, const struct http_response *response)
{
    if (header_is(response, "X-Consul-KnownLeader", "true"))
        return LEADER_KNOWN;
    if (header_is(response, "X-Consul-KnownLeader", "false"))
        return consul_is_streamed(response) && query_leader(http) == LEADER_KNOWN ? LEADER_KNOWN : LEADER_NONE;
    /* A server without a leader replies with its last list, or with 500. */
    if (response->status == 500 && strstr(buf_text(&response->body), "No cluster leader"))
        return LEADER_NONE;
    return LEADER_UNKNOWN; /* a proxy has removed the header */
}

void consul_leader_update(struct registry *registry, struct consul_http *http, const struct http_response *response)
{
    enum registry_leader leader = consul_leader_of(http, response);
    if (leader != LEADER_UNKNOWN || response->status == 200)
        registry->leader = leader;

    char contact[24] = "";
    http_response_header(response, "X-Consul-LastContact", contact, sizeof contact);
    if (env_parse_int(contact, &registry->last_contact_ms) != 0)
        registry->last_contact_ms = 0;
}

void consul_leader_explain_timeout(struct registry *registry, struct consul_http *http, struct err *err)
{
    if (err->code != ERR_TIMEOUT || query_leader(http) != LEADER_NONE)
        return;
    registry->leader = LEADER_NONE;
    err_clear(err);
    err_set(err, ERR_TIMEOUT, "consul: the query timed out: the servers have no leader");
}
