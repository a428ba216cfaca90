#include "registry/name.h"

#include <ctype.h>
#include <string.h>

#include "net/url.h"

/* letters and digits, and `others` */
static bool is_segment(const char *text, size_t len, size_t max, const char *others)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\0' || (!(isascii(c) && isalnum(c)) && !strchr(others, c)))
            return false;
    }
    return len >= 1 && len <= max && !url_is_dot_segment(text, len);
}

bool service_name_is_valid(const char *name, size_t len)
{
    return is_segment(name, len, SERVICE_NAME_MAX, ".-_");
}

/* ':' is accepted, too: Spring's services have ids such as "name:host:port". The three words are paths of
 * Consul's agent: GET /v1/agent/service/register is not the entry of an instance with the id "register". */
bool instance_id_is_valid(const char *id)
{
    static const char *const agent_paths[] = {"register", "deregister", "maintenance"};
    for (size_t i = 0; i < sizeof agent_paths / sizeof *agent_paths; i++)
        if (strcmp(id, agent_paths[i]) == 0)
            return false;
    return is_segment(id, strlen(id), INSTANCE_ID_MAX, ".-_:");
}
