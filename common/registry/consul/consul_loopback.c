#include "registry/consul/consul_loopback.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "net/json.h"

static bool begins_with(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

/* A caller that connects to 0.0.0.0 or :: also reaches its own machine. */
static bool is_loopback(const char *address)
{
    static const char *const same_machine[] = {"localhost", "::1", "0.0.0.0", "::"};
    for (size_t i = 0; i < sizeof same_machine / sizeof *same_machine; i++)
        if (strcasecmp(address, same_machine[i]) == 0)
            return true;
    return address_is_numeric(address) && (begins_with(address, "127.") || begins_with(address, "::ffff:127."));
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
    if (!is_loopback(address) || !read_agent_address(http, deadline, agent_address, sizeof agent_address) ||
        is_loopback(agent_address))
        return;
    log_warn("registered_on_loopback", log_s("registry", "consul"), log_s("id", spec->id), log_s("address", address),
             log_s("agent_address", agent_address),
             log_s("hint", "SERVICE_ADDRESS=<address-that-other-machines-can-reach>"));
}
