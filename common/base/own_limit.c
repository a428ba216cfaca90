#include "base/own_limit.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/log_repeat.h"

enum { REPEAT_MS = 60000 };

size_t own_limit_files(void)
{
    struct rlimit files;
    return getrlimit(RLIMIT_NOFILE, &files) == 0 ? (size_t)files.rlim_cur : 0;
}

bool own_limit_is(int os_error)
{
    return os_error == EMFILE || os_error == ENFILE || os_error == ENOBUFS || os_error == ENOMEM;
}

static const char *hint_for(int os_error)
{
    switch (os_error) {
    case EMFILE:
        return OWN_LIMIT_FILES_HINT;
    case ENFILE:
        return "raise fs.file-max of this machine";
    case EADDRNOTAVAIL:
        return "widen net.ipv4.ip_local_port_range of this machine";
    default:
        return "this machine is short of memory";
    }
}

void own_limit_log(int os_error)
{
    static struct log_repeat repeat;
    const char *error = os_error == EADDRNOTAVAIL ? "no local port is free" : strerror(os_error);
    if (log_repeat_is_due(&repeat, error, REPEAT_MS))
        log_warn("own_limit_reached", log_s("error", error), log_i("open_files_limit", (int64_t)own_limit_files()),
                 log_s("hint", hint_for(os_error)));
}
