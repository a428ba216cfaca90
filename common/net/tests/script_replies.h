/* script_replies: what script_server sends. The path of the request selects it: "/cut-body" sends half of a body
 * and closes. A path that is not known gets "connection N".
 */
#ifndef NET_TESTS_SCRIPT_REPLIES_H
#define NET_TESTS_SCRIPT_REPLIES_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/tests/script_send.h"

static sem_t holds; /* each post lets one "/hold" continue */

enum script_end { KEEP, CLOSE, RESET };

static const struct script {
    const char *path, *reply;
    enum script_end end;
} scripts[] = {
    {"/empty", "HTTP/1.1 204 No Content\r\n\r\n", KEEP},
    {"/redirect", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n", KEEP},
    {"/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-After: 1\r\n\r\n", KEEP},
    {"/interim", "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", KEEP},
    {"/headers", "HTTP/1.1 200 OK\r\nX-Plain:  two words \t\r\nx-CASE:1\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n", KEEP},
    {"/until-close", "HTTP/1.1 200 OK\r\n\r\nall of it", CLOSE},
    {"/promises-much", "HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n", KEEP},
    {"/close", "", CLOSE},
    {"/reset", "", RESET},
    {"/reset-body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", RESET},
    {"/cut-status", "HTTP/1.1 20", CLOSE},
    {"/cut-head", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", CLOSE},
    {"/cut-interim", "HTTP/1.1 100 Continue\r\n\r\n", CLOSE},
    {"/cut-body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", CLOSE},
    {"/cut-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf", CLOSE},
    {"/ssh", "SSH-2.0-OpenSSH_9.2\r\n\r\n", CLOSE},
    {"/http09", "<html>hello</html>\n", CLOSE},
    {"/binary", "\x15\x03\x01\xff\xfe\x02\x02\n\n\n", CLOSE},
    {"/bad-length", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", CLOSE},
    {"/hang", "", KEEP},
    {"/hang-body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", KEEP},
};

static bool play_script(int fd, const struct script *script)
{
    put_text(fd, script->reply);
    if (script->end == RESET)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    return script->end == KEEP;
}

/* Replies to one request; false: close the connection. */
static bool play(int fd, const char *path, const char *request, int connection, int nth)
{
    char text[64];
    snprintf(text, sizeof text, "connection %d", connection);
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        if (strcmp(path, scripts[i].path) == 0)
            return play_script(fd, &scripts[i]);
    if (strncmp(path, "/stale", 6) == 0 && nth > 1)
        return false;
    if (strcmp(path, "/hold") == 0)
        sem_wait(&holds);
    if (strncmp(request, "HEAD ", 5) == 0)
        return put_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"); /* a body would be read as the next reply */
    if (strncmp(path, "/echo", 5) == 0 || strcmp(path, "/stale/echo") == 0)
        return put_body(fd, request);
    if (strcmp(path, "/trickle") == 0)
        return put_one_by_one(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ndrips");
    if (strcmp(path, "/drip") == 0)
        return put_for_ever(fd, "HTTP/1.1 200 OK\r\n\r\n", "x", 1);
    if (strcmp(path, "/huge-body") == 0)
        return put_for_ever(fd, "HTTP/1.1 200 OK\r\n\r\n", "0123456789abcdef0123456789abcdef", 0);
    if (strcmp(path, "/flood") == 0)
        return put_flood(fd);
    if (strcmp(path, "/huge-head") == 0)
        return put_for_ever(fd, "HTTP/1.1 200 OK\r\n", "X-More: 0123456789abcdef\r\n", 0);
    if (strcmp(path, "/huge-line") == 0)
        return put_for_ever(fd, "HTTP/1.1 200 OK\r\nX-Long: ", "0123456789abcdef", 0);
    return put_body(fd, text);
}

#endif
