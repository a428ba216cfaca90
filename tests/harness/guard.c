#include "harness/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/place.h"

enum { ROUNDS = 10, PAUSE_MS = 200 }; /* a killed server may create another file while its folder is removed */

static pid_t guard;
static int guard_pipe;

/* A new folder: taking it removes the abandoned ones. */
static void sweep(void)
{
    struct err err = ERR_INIT;
    struct folder folder = {.path = ""};
    if (folder_take(&folder, &err) == 0)
        folder_remove(&folder);
}

static _Noreturn void keep_guard(int end)
{
    char byte;
    setsid(); /* Ctrl-C must not end it */
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO); /* a reader of our output must not wait for the guard */
    dup2(null, STDERR_FILENO);
    ssize_t got;
    while ((got = read(end, &byte, 1)) < 0 && errno == EINTR) {
    }
    for (int i = 0; i < ROUNDS && got == 0; i++) { /* 0: the program was killed */
        sweep();
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    _exit(0);
}

int guard_start(struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, ERR_FAILED, "cannot create a pipe: %s", strerror(errno));
    guard = fork();
    if (guard < 0)
        return err_set(err, ERR_FAILED, "cannot start the guard: %s", strerror(errno));
    if (guard == 0) {
        close(ends[1]);
        keep_guard(ends[0]);
    }
    close(ends[0]);
    guard_pipe = ends[1]; /* stays open until this process ends */
    return 0;
}

void guard_end(void)
{
    if (write(guard_pipe, "", 1) == 1)
        waitpid(guard, NULL, 0);
}
