#include "registry/consul/consul_leader.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/env.h"

enum { ASK_MS = 500 };

/* The agent's own word: the leader's address, or "" in quotes. An error, as of an agent
 * that sees no server, tells nothing. */
static enum registry_leader ask_agent(struct consul_http *http)
{
    const struct http_call call = {
        .path = "/v1/status/leader", .deadline = deadline_in(ASK_MS), .body_cap = CONSUL_SMALL_REPLY};
    struct http_response response = HTTP_RESPONSE_INIT;
    struct err ignored = ERR_INIT;
    enum registry_leader leader = LEADER_UNTOLD;
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

static enum registry_leader leader_of(struct consul_http *http, const struct http_response *response)
{
    if (header_is(response, "X-Consul-KnownLeader", "true"))
        return LEADER_KNOWN;
    if (header_is(response, "X-Consul-KnownLeader", "false"))
        return consul_is_streamed(response) && ask_agent(http) == LEADER_KNOWN ? LEADER_KNOWN : LEADER_NONE;
    /* A server without a leader answers from what it knows, or says 500. */
    if (response->status == 500 && strstr(buf_text(&response->body), "No cluster leader"))
        return LEADER_NONE;
    return LEADER_UNTOLD; /* somebody in between has left it out */
}

void consul_leader_note(struct registry *registry, struct consul_http *http, const struct http_response *response)
{
    enum registry_leader leader = leader_of(http, response);
    if (leader != LEADER_UNTOLD || response->status == 200)
        registry->leader = leader;

    char contact[24] = "";
    http_response_header(response, "X-Consul-LastContact", contact, sizeof contact);
    if (env_parse_int(contact, &registry->last_contact_ms) != 0)
        registry->last_contact_ms = 0;
}

void consul_leader_name_missing(struct registry *registry, struct consul_http *http, struct err *err)
{
    if (err->code != ERR_TIMEOUT || ask_agent(http) != LEADER_NONE)
        return;
    registry->leader = LEADER_NONE;
    err_clear(err);
    err_set(err, ERR_TIMEOUT, "consul: its servers have no leader, and keep the question");
}
