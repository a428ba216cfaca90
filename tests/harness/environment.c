#include "harness/environment.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* How a variable begins that is kept. */
static const char *const kept[] = {
    "PATH=", "HOME=", "USER=", "LOGNAME=", "SUDO_", "SHELL=", "TERM=", "NO_COLOR=", "LANG=", "LANGUAGE=", "LC_",
    /* Folders and programs of the project: see harness/place.h and the scripts of consul-dev/. */
    "TMPDIR=", "BUILD=", "BUILD_DIR=", "SOURCE_DIR=", "CONSUL=", "CONSUL_HOME=", "PG_TEMPLATE=", "PORTS_DRAWN=",
    "PITFALL_TABS=",
    /* Builds with sanitizers. */
    "LD_", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=", "TSAN_OPTIONS="};

static bool is_kept(const char *variable)
{
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (strncmp(variable, kept[i], strlen(kept[i])) == 0)
            return true;
    return false;
}

void environment_clear(void)
{
    char **end = environ;
    for (char **at = environ; *at; at++)
        if (is_kept(*at))
            *end++ = *at;
    *end = NULL;
}

void environment_open_files(void)
{
    int fd;
    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
        ;
    if (fd > STDERR_FILENO)
        close(fd);
}
