#include "registry/wire.h"

#include <stdio.h>

enum { ADDRESS_TEXT_MAX = 256 }; /* a longer one is no address */

const char *wire_address(const char *text)
{
    static char inner[ADDRESS_TEXT_MAX];
    size_t len = strlen(text);
    if (len < 2 || text[0] != '[' || text[len - 1] != ']' || len >= sizeof inner)
        return text;
    snprintf(inner, sizeof inner, "%.*s", (int)(len - 2), text + 1);
    return inner;
}

/* A run of white space becomes one space. */
void wire_line(const char *body, char *line, size_t size)
{
    size_t len = 0;
    body += strspn(body, " \t\r\n");
    if (*body == '<')
        body = "";
    while (*body && len + 1 < size) {
        size_t space = strspn(body, " \t\r\n");
        if (space > 0 && body[space])
            line[len++] = ' ';
        else if (space == 0)
            line[len++] = *body;
        body += space ? space : 1;
    }
    line[len] = '\0';
}

void wire_hide(struct buf *body, const char *secret)
{
    size_t len = strlen(secret);
    char *at = len > 0 && body->len > 0 ? memmem(body->data, body->len, secret, len) : NULL;
    for (; at; at = memmem(at, body->len - (size_t)(at - body->data), secret, len))
        memset(at, '*', len);
}
