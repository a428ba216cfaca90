/* nacos_server: starts a real Nacos. The server wants a login, and a login lives for seconds only, so it is renewed all
 * the time.
 *
 * Nacos takes many seconds to start. So the tests of a file share one server, which starts before the first of them. A
 * test that stops the server starts its own.
 */
#ifndef ORDER_SERVICE_TESTS_NACOS_SERVER_H
#define ORDER_SERVICE_TESTS_NACOS_SERVER_H

#include <stdlib.h>

#include "nacos_requests.h"

enum {
    TOKEN_SECONDS = 20,
    LOGIN_LIMIT_MS = 60000, /* a new user of Nacos 3 can log in after up to 15 s */
};

#define NACOS_PASSWORD "let-me-in"

static inline bool nacos_logs_in(void *arg)
{
    const struct server *server = arg;
    bool is_3 = server->kind == SERVER_NACOS;
    return nacos_send(server, "POST", is_3 ? "/v3/auth/user/login" : "/v1/auth/login",
                      is_3 ? "username=nacos&password=" NACOS_PASSWORD : "username=nacos&password=nacos", NULL) == 200;
}

/* Nacos 3 has no user before the first password is set; Nacos 2 has nacos with the password nacos. */
static inline int start_nacos(struct server *server, enum server_kind kind, const struct folder *folder)
{
    static char token_seconds[40];
    snprintf(token_seconds, sizeof token_seconds, "NACOS_TOKEN_SECONDS=%d", TOKEN_SECONDS);
    if (server_init(server, kind, folder, &err) != 0)
        return -1;
    server->env[0] = "NACOS_AUTH=1";
    server->env[1] = token_seconds;
    if (server_start(server, &err) != 0)
        return -1;
    if (kind == SERVER_NACOS)
        nacos_send(server, "POST", "/v3/auth/user/admin", "password=" NACOS_PASSWORD, NULL);
    return wait_until(nacos_logs_in, server, LOGIN_LIMIT_MS) ? 0 : err_set(&err, ERR_FAILED, "no user can log in");
}

/* A hook, in the process that starts a process for each test. A failed check would end it, so each test checks it. */
#define SHARED_NACOS "SHARED_NACOS_PORT"

struct shared_nacos {
    struct folder folder;
    struct server server;
};

static inline void start_shared_nacos(struct shared_nacos *shared, enum server_kind kind)
{
    char port[16];
    if (folder_take(&shared->folder, &err) == 0 && start_nacos(&shared->server, kind, &shared->folder) == 0) {
        snprintf(port, sizeof port, "%d", shared->server.port.number);
        setenv(SHARED_NACOS, port, 1);
    } else {
        fprintf(stderr, "%s\n", err.text);
    }
}

static inline void stop_shared_nacos(struct shared_nacos *shared)
{
    server_close(&shared->server);
    folder_remove(&shared->folder);
}

static inline void use_shared_nacos(enum server_kind kind)
{
    const char *port = getenv(SHARED_NACOS);
    cr_assert_not_null(port, "Nacos has not started");
    nacos = (struct server){.kind = kind, .port.number = atoi(port)};
    snprintf(nacos.url, sizeof nacos.url, "http://127.0.0.1:%s", port);
}

static inline void use_own_nacos(enum server_kind kind)
{
    cr_assert_eq(start_nacos(&nacos, kind, &world.folder), 0, "%s", err.text);
}

#endif
