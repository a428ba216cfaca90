#include "callee.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { START_LIMIT_MS = 10000, READ_LIMIT_S = 2 };

int callee_start(struct proc *proc, const struct folder *folder, int *port, struct err *err)
{
    char log[PLACE_PATH_MAX + 16], number[16];
    snprintf(log, sizeof log, "%s/callee.log", folder->path);
    if (proc_start(proc, (const char *const[]){"/proc/self/exe", "callee", NULL}, NULL, log, err) != 0)
        return -1;
    if (!proc_wait_output(proc, "listening port=", number, sizeof number, START_LIMIT_MS))
        return err_set(err, ERR_FAILED, "cannot start the stand-in callee: see %s", log);
    *port = atoi(number);
    return 0;
}

static void answer(int fd, int status, int location)
{
    char reply[256];
    int len = snprintf(reply, sizeof reply, "HTTP/1.1 %d stand-in\r\nConnection: close\r\n", status);
    if (location)
        len += snprintf(reply + len, sizeof reply - (size_t)len, "Location: /status/%d\r\n", location);
    /* A 204 has no body. */
    len += snprintf(reply + len, sizeof reply - (size_t)len, status == 204 ? "\r\n" : "Content-Length: 3\r\n\r\nok\n");
    if (send(fd, reply, (size_t)len, MSG_NOSIGNAL) == len)
        shutdown(fd, SHUT_WR);
}

/* Reads the request and answers it. A hung request keeps its socket open until the process ends. */
static void serve(int fd)
{
    char head[2048];
    int number = 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = READ_LIMIT_S}, sizeof(struct timeval));
    ssize_t len = recv(fd, head, sizeof head - 1, 0);
    head[len > 0 ? len : 0] = '\0';
    if (strncmp(head, "GET /hang ", 10) == 0)
        return;
    if (sscanf(head, "GET /status/%d", &number) == 1)
        answer(fd, number, 0);
    else if (sscanf(head, "GET /redirect/%d", &number) == 1)
        answer(fd, 301, number);
    else if (len > 0 && !(sscanf(head, "GET /lossy/%d", &number) == 1 && rand() % 100 < number))
        answer(fd, 200, 0);
    close(fd);
}

int callee_main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        perror("cannot listen");
        return 1;
    }
    srand((unsigned)getpid());
    printf("listening port=%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            serve(fd);
    }
}
