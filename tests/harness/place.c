#include "harness/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Ports ----------------------------------------------------------------------- */

/* Without SO_REUSEADDR, so that it succeeds only for a port that is unused. type: SOCK_STREAM or SOCK_DGRAM; number 0:
 * the kernel chooses. */
static int bind_unused(int type, int number)
{
    struct sockaddr_in wanted = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)number), .sin_addr.s_addr = htonl(INADDR_ANY)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&wanted, sizeof wanted) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Now it sets SO_REUSEADDR, so that a server, which sets it too, can bind and listen on the same port. (Linux lets two
 * such sockets share a port while at most one listens.) */
static int share(struct port *port, int fd, struct err *err)
{
    struct sockaddr_in bound = {0};
    socklen_t len = sizeof bound;
    if (fd >= 0 && getsockname(fd, (struct sockaddr *)&bound, &len) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0) {
        *port = (struct port){.number = ntohs(bound.sin_port), .socket = fd};
        return 0;
    }
    err_set(err, ERR_FAILED, "cannot take a port: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

int port_take(struct port *port, struct err *err)
{
    return share(port, bind_unused(SOCK_STREAM, 0), err);
}

static bool is_unused(int type, int number)
{
    int fd = bind_unused(type, number);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Linux gives outgoing connections, and sockets that send UDP, ports from 32768 on. */
int port_take_with(struct port *port, const int *offsets, struct err *err)
{
    enum { LOWEST = 12000, COUNT = 19000, TRIES = 1000 };
    for (int i = 0; i < TRIES; i++) {
        int number = LOWEST + (int)(((unsigned)getpid() * 37u + (unsigned)i * 7919u) % COUNT);
        int fd = bind_unused(SOCK_STREAM, number);
        bool fits = fd >= 0 && is_unused(SOCK_DGRAM, number);
        for (const int *offset = offsets; fits && offset && *offset; offset++)
            fits = is_unused(SOCK_STREAM, number + *offset);
        if (fits)
            return share(port, fd, err);
        if (fd >= 0)
            close(fd);
    }
    return err_set(err, ERR_FAILED, "cannot take a port: none is unused with those at its distances");
}

int port_prefer(struct port *port, int number, struct err *err)
{
    struct sockaddr_in wanted = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)number), .sin_addr.s_addr = htonl(INADDR_ANY)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, ERR_FAILED, "cannot take a port: %s", strerror(errno));
    /* With SO_REUSEADDR only a listening socket makes bind() fail, not old connections in TIME_WAIT. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0 &&
        bind(fd, (struct sockaddr *)&wanted, sizeof wanted) == 0) {
        *port = (struct port){.number = number, .socket = fd};
        return 0;
    }
    close(fd);
    return port_take(port, err);
}

void port_release(struct port *port)
{
    if (port->number)
        close(port->socket);
    *port = (struct port){0};
}

/* --- Known places ------------------------------------------------------------------ */

static bool from_environment(const char *name, char out[PLACE_PATH_MAX])
{
    const char *value = getenv(name);
    if (!value || !*value)
        return false;
    char absolute[PATH_MAX];
    snprintf(out, PLACE_PATH_MAX, "%.*s", PLACE_PATH_MAX - 1, realpath(value, absolute) ? absolute : value);
    return true;
}

void build_path(char out[PLACE_PATH_MAX])
{
    if (from_environment("BUILD_DIR", out))
        return;
    ssize_t len = readlink("/proc/self/exe", out, PLACE_PATH_MAX - 1);
    out[len > 0 ? len : 0] = '\0';
    char *cut = NULL;
    for (char *at = out; (at = strstr(at, "/tests/common/")); at++)
        cut = at;
    if (!cut)
        cut = strstr(out, "/tests/");
    if (!cut)
        cut = strrchr(out, '/');
    if (cut)
        *cut = '\0';
}

void source_path(char out[PLACE_PATH_MAX])
{
    if (from_environment("SOURCE_DIR", out))
        return;
    if (!getcwd(out, PLACE_PATH_MAX))
        out[0] = '\0';
    for (char *slash; (slash = strrchr(out, '/')); *slash = '\0') {
        char marker[PLACE_PATH_MAX + 16];
        snprintf(marker, sizeof marker, "%s/consul-dev", out);
        if (access(marker, F_OK) == 0)
            return;
    }
}

void scratch_path(char out[PLACE_PATH_MAX])
{
    char base[PLACE_PATH_MAX];
    if (!from_environment("TMPDIR", base))
        build_path(base);
    snprintf(out, PLACE_PATH_MAX, "%.*s/scratch-%u", PLACE_PATH_MAX - 32, base, (unsigned)geteuid());
}

/* --- Folders ----------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
    (void)stat, (void)kind, (void)ftw;
    remove(path); /* if this fails, the next run tries again */
    return 0;
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* The lock of a folder; -1: another process holds it. */
static int lock_folder(const char *path, int how)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, how) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void remove_abandoned(const char *scratch)
{
    DIR *dir = opendir(scratch);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strncmp(entry->d_name, "run.", 4) != 0)
            continue;
        char path[PLACE_PATH_MAX + sizeof entry->d_name + 1];
        snprintf(path, sizeof path, "%s/%s", scratch, entry->d_name);
        int lock = lock_folder(path, LOCK_EX | LOCK_NB);
        if (lock < 0)
            continue;
        remove_tree(path);
        close(lock);
    }
    closedir(dir);
}

int folder_take(struct folder *folder, struct err *err)
{
    char scratch[PLACE_PATH_MAX];
    scratch_path(scratch);
    if (mkdir(scratch, 0755) != 0 && errno != EEXIST)
        return err_set(err, ERR_FAILED, "cannot create the folder %s: %s", scratch, strerror(errno));
    /* One process at a time: a new folder is not locked yet, and another process could remove it. */
    int turn = lock_folder(scratch, LOCK_EX);
    if (turn < 0)
        return err_set(err, ERR_FAILED, "cannot open the folder %s: %s", scratch, strerror(errno));
    remove_abandoned(scratch);

    int status = 0;
    snprintf(folder->path, sizeof folder->path, "%.*s/run.XXXXXX", PLACE_PATH_MAX - 16, scratch);
    if (!mkdtemp(folder->path) || chmod(folder->path, 0711) != 0) {
        status = err_set(err, ERR_FAILED, "cannot create a folder in %s: %s", scratch, strerror(errno));
        folder->path[0] = '\0';
    } else {
        folder->lock = lock_folder(folder->path, LOCK_EX);
    }
    close(turn);
    return status;
}

void folder_remove(struct folder *folder)
{
    if (!folder->path[0])
        return;
    remove_tree(folder->path);
    if (folder->lock >= 0)
        close(folder->lock);
    folder->path[0] = '\0';
}
