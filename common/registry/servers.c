#include "registry/servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* --- Parse ---------------------------------------------------------------------------------- */

static bool set_path(const struct servers_syntax *syntax, struct url *url)
{
    size_t len = strlen(url->path);
    while (len > 0 && url->path[len - 1] == '/')
        url->path[--len] = '\0';
    if (len == 0 && syntax->path)
        snprintf(url->path, sizeof url->path, "%s", syntax->path);
    return len == 0 || syntax->path;
}

static int parse_one(const char *text, const struct servers_syntax *syntax, struct url *url)
{
    char whole[512];
    bool has_scheme = strstr(text, "://") != NULL;
    if (!has_scheme && !syntax->scheme)
        return -1;
    int len = snprintf(whole, sizeof whole, "%s%s%s", has_scheme ? "" : syntax->scheme, has_scheme ? "" : "://", text);
    if (len < 0 || (size_t)len >= sizeof whole || url_parse(whole, url) != 0)
        return -1;
    if (url->port == 0)
        url->port = syntax->port;
    if (url->port == 0 || !set_path(syntax, url) || ((*url->user || *url->password) && !syntax->user))
        return -1;
    return strcmp(url->scheme, "http") == 0 || strcmp(url->scheme, "https") == 0 ? 0 : -1;
}

int servers_parse(const char *text, const struct servers_syntax *syntax, struct url *urls)
{
    for (int count = 0;; text++) {
        size_t len = strcspn(text, ",");
        struct url url;
        char one[512];
        if (len >= sizeof one)
            return -1;
        memcpy(one, text, len);
        one[len] = '\0';
        if (parse_one(one, syntax, urls ? &urls[count] : &url) != 0)
            return -1;
        count++;
        text += len;
        if (!*text)
            return count;
    }
}

/* --- Open and close --------------------------------------------------------------------------- */

int servers_open(struct servers *servers, const char *text, const struct servers_syntax *syntax,
                 struct http_client *client, struct err *err)
{
    int count = servers_parse(text, syntax, NULL);
    *servers = (struct servers){.client = client};
    if (count < 0)
        return err_set(err, ERR_INVALID, "%s", syntax->error);
    servers->urls = calloc((size_t)count, sizeof *servers->urls);
    if (!servers->urls)
        return err_set(err, ERR_FAILED, "out of memory");
    servers->count = (size_t)servers_parse(text, syntax, servers->urls);
    return 0;
}

void servers_close(struct servers *servers)
{
    free(servers->urls);
}

/* --- Call ------------------------------------------------------------------------------------- */

int servers_send(struct servers *servers, const struct url *server, const struct http_call *call,
                 struct http_response *response, struct err *err)
{
    struct http_call sent = *call;
    sent.host = server->host;
    sent.port = server->port;
    sent.tls = strcmp(server->scheme, "https") == 0 ? &servers->tls : NULL;
    return http_call(servers->client, &sent, response, err);
}

/* No effect if another call has moved to the next server already. */
static void use_server_after(struct servers *servers, size_t failed)
{
    if (servers->current == failed)
        servers->current = (failed + 1) % servers->count;
}

/* Whether a failed call is more than a server that did not reply. */
static bool says_why(const struct err *why)
{
    return why->code != ERR_NONE && why->code != ERR_UNREACHABLE && why->code != ERR_TIMEOUT && why->code != ERR_BROKEN;
}

static void keep_error(struct err *kept, const struct err *why)
{
    if (says_why(why) || !says_why(kept))
        *kept = *why;
}

/* The time for the next of so many servers. */
static int64_t share_of(int64_t deadline, size_t untried)
{
    return deadline_in(deadline_left(deadline) / (int64_t)untried);
}

int servers_call(struct servers *servers, server_call call, void *arg, int64_t deadline,
                 struct http_response *response, struct err *err)
{
    struct err why = ERR_INIT, kept = ERR_INIT;
    size_t first = servers->current;
    int status = -1;
    for (size_t i = 0; i < servers->count; i++) {
        size_t at = (first + i) % servers->count;
        err_clear(&why);
        status = call(arg, &servers->urls[at], share_of(deadline, servers->count - i), response, &why);
        if (status != 0)
            keep_error(&kept, &why);
        if ((status == 0 && response->status < 500) || why.code == ERR_CANCELLED)
            break;
        use_server_after(servers, at);
    }
    return status == 0 ? 0 : err_set(err, kept.code, "%s", kept.text);
}

int servers_call_each(struct servers *servers, server_call call, void *arg, int64_t deadline,
                      struct http_response *response, struct err *err)
{
    struct err why = ERR_INIT, kept = ERR_INIT;
    size_t first = servers->current, done = 0;
    for (size_t i = 0; i < servers->count && why.code != ERR_CANCELLED; i++) {
        const struct url *server = &servers->urls[(first + i) % servers->count];
        err_clear(&why);
        if (call(arg, server, share_of(deadline, servers->count - i), response, &why) == 0)
            done++;
        else
            keep_error(&kept, &why);
    }
    return done > 0 ? 0 : err_set(err, kept.code, "%s", kept.text);
}
