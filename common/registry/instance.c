#include "registry/instance.h"

#include <string.h>

#include "loop/resolve.h"

enum { TEXT_MAX = 255 }; /* bytes of an id or a host name */

static bool is_printable(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p < 0x20 || *p > 0x7e)
            return false;
    return true;
}

static bool is_host_name(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    size_t len = strlen(text);
    bool has_empty_label = text[0] == '.' || strstr(text, "..");
    return len > 0 && len <= TEXT_MAX && strspn(text, allowed) == len && !has_empty_label;
}

int instance_check(const struct instance *instance, struct err *err)
{
    size_t id_len = strlen(instance->id);
    if (id_len == 0)
        return err_set(err, ERR_INVALID, "no id");
    if (id_len > TEXT_MAX || !is_printable(instance->id))
        return err_set(err, ERR_INVALID, "the id is longer than %d characters or not printable", TEXT_MAX);
    if (!*instance->address)
        return err_set(err, ERR_INVALID, "no address");
    if (!address_is_numeric(instance->address) && !is_host_name(instance->address))
        return err_set(err, ERR_INVALID, "the address %.60s is neither an IP address nor a host name",
                       instance->address);
    if (instance->port == 0)
        return err_set(err, ERR_INVALID, "the port is not 1 to 65535");
    return 0;
}

enum instance_status instance_overall_status(const struct instance *instance)
{
    return instance->maintenance || instance->node_down ? INSTANCE_CRITICAL : instance->status;
}

const char *instance_status_name(enum instance_status status)
{
    static const char *const names[] = {
        [INSTANCE_PASSING] = "passing", [INSTANCE_WARNING] = "warning", [INSTANCE_CRITICAL] = "critical"};
    return names[status];
}

int instance_order(const struct instance *a, const struct instance *b)
{
    int order = strcmp(a->id, b->id);
    return order ? order : strcmp(a->node, b->node);
}

bool instance_has_moved(const struct instance *before, const struct instance *now)
{
    return before->port != now->port || strcmp(before->address, now->address) != 0;
}
