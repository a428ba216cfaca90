/* idle: opens many keep-alive connections, sends one request on each, and keeps them all
 * open until it is killed.
 *
 *     idle PORT COUNT PATH        prints "holding COUNT" when all are open
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int connect_to(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval timeout = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0 &&
        connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    perror("connect");
    return -1;
}

/* The reply is much smaller than a TCP segment, so one recv() gets all of it. */
static int send_get(int fd, const char *path)
{
    char text[2048];
    int len = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path);
    if (send(fd, text, (size_t)len, MSG_NOSIGNAL) != len)
        return -1;
    ssize_t got = recv(fd, text, sizeof text, 0);
    return got > 12 && strncmp(text, "HTTP/1.1 200", 12) == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
    long count = strtol(argv[2], NULL, 10);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    for (long i = 0; i < count; i++) {
        int fd = connect_to(port);
        if (fd < 0 || send_get(fd, argv[3]) != 0) {
            fprintf(stderr, "connection %ld of %ld failed\n", i + 1, count);
            return 1;
        }
    }
    printf("holding %ld\n", count);
    fflush(stdout);
    pause();
    return 0;
}
