#include "discovery/static_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "registry/name.h"

enum { ENTRY_MAX = 300 }; /* bytes: a host name of 255, brackets, port */

struct piece {
    const char *text;
    size_t len;
};

/* The text before the next `mark`. Moves *rest behind the mark, or to NULL at the end. */
static struct piece next_piece(const char **rest, const char *end, char mark)
{
    const char *begin = *rest;
    const char *at = memchr(begin, mark, (size_t)(end - begin));
    *rest = at ? at + 1 : NULL;
    return (struct piece){begin, (size_t)((at ? at : end) - begin)};
}

/* "127.0.0.1:8001", "host:80", "[::1]:80". */
static int add_entry(struct instance_list *list, struct piece piece, struct err *err)
{
    char id[ENTRY_MAX], text[ENTRY_MAX];
    if (piece.len == 0 || piece.len >= sizeof id)
        return err_set(err, ERR_INVALID, "want HOST:PORT, not '%.*s'", (int)(piece.len < 60 ? piece.len : 60), piece.text);
    snprintf(id, sizeof id, "%.*s", (int)piece.len, piece.text);
    memcpy(text, id, sizeof text);

    char *address = text, *colon = strrchr(text, ':');
    int64_t port = 0;
    if (!colon || env_parse_int(colon + 1, &port) != 0 || port < 1 || port > 65535)
        return err_set(err, ERR_INVALID, "want HOST:PORT, not '%.60s'", id);
    *colon = '\0';
    if (address[0] == '[' && colon > text + 1 && colon[-1] == ']') {
        address++;
        colon[-1] = '\0';
    } else if (strchr(address, ':')) {
        return err_set(err, ERR_INVALID, "an IPv6 address needs brackets: '%.60s'", id);
    }
    struct instance instance = {.id = id, .address = address, .zone = "", .version = "", .port = (uint16_t)port,
                                .weight = 1, .warning_weight = 1, .status = INSTANCE_PASSING};
    if (instance_check(&instance, err) != 0)
        return -1;
    return instance_list_add(list, &instance) ? 0 : err_set(err, ERR_BUSY, "out of memory");
}

/* "user-service=127.0.0.1:8001,127.0.0.1:8002" */
static int parse_service(struct piece piece, const char *service, struct instance_list **found, struct err *err)
{
    const char *end = piece.text + piece.len;
    const char *rest = piece.text;
    struct piece name = next_piece(&rest, end, '=');
    if (!rest || !service_name_is_valid(name.text, name.len))
        return err_set(err, ERR_INVALID, "want SERVICE=HOST:PORT,HOST:PORT;…");
    struct instance_list *list = instance_list_new();
    if (!list)
        return err_set(err, ERR_BUSY, "out of memory");
    int status = 0;
    while (status == 0 && rest)
        status = add_entry(list, next_piece(&rest, end, ','), err);
    instance_list_finish(list);

    bool wanted = service && strlen(service) == name.len && memcmp(service, name.text, name.len) == 0;
    if (status == 0 && wanted && !*found)
        *found = list;
    else
        instance_list_unref(list);
    return status;
}

int static_list_parse(const char *text, const char *service, struct instance_list **list, struct err *err)
{
    const char *rest = *text ? text : NULL, *end = text + strlen(text);
    *list = NULL;
    while (rest) {
        if (parse_service(next_piece(&rest, end, ';'), service, list, err) == 0)
            continue;
        instance_list_unref(*list);
        *list = NULL;
        return -1;
    }
    return 0;
}
