#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/proc.h"

enum { COMMAND_MS = 10000 };

static const char *const addresses[MACHINES] = {"10.99.0.1", "10.99.0.2", "10.99.0.3"};

const char *network_address(int machine)
{
    return addresses[machine];
}

/* --- Namespaces ---------------------------------------------------------------------------- */

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));
    if (fd >= 0)
        close(fd);
    return written < 0 ? -1 : 0;
}

/* Root in a new user namespace may create networks there. Outside of it we stay the same user. */
static int become_root_inside(void)
{
    char uid_map[48], gid_map[48];
    snprintf(uid_map, sizeof uid_map, "0 %u 1", (unsigned)geteuid());
    snprintf(gid_map, sizeof gid_map, "0 %u 1", (unsigned)getegid());
    return unshare(CLONE_NEWUSER) != 0 || write_file("/proc/self/setgroups", "deny") != 0 ||
                   write_file("/proc/self/uid_map", uid_map) != 0 || write_file("/proc/self/gid_map", gid_map) != 0
               ? -1
               : 0;
}

int network_isolate(struct err *err)
{
    if (unshare(CLONE_NEWNET) == 0 || (become_root_inside() == 0 && unshare(CLONE_NEWNET) == 0))
        return 0;
    return err_set(err, ERR_FAILED, "cannot create a network namespace: %s", strerror(errno));
}

static int open_current(void)
{
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

void network_enter(const struct network *network, int machine)
{
    if (setns(network->machine[machine], CLONE_NEWNET) != 0)
        abort(); /* an open namespace can always be entered */
}

void network_leave(const struct network *network)
{
    if (setns(network->outside, CLONE_NEWNET) != 0)
        abort();
}

/* --- Switch and cables ------------------------------------------------------------------------ */

/* Runs an ip command where this thread is. Words are separated by one blank. */
static int ip(const struct network *network, const char *command, struct err *err)
{
    char words[256], *rest = words, *word;
    const char *argv[16] = {"ip"};
    size_t count = 1;
    snprintf(words, sizeof words, "%s", command);
    while (count < 15 && (word = strsep(&rest, " ")) != NULL)
        argv[count++] = word;
    return proc_run(argv, NULL, network->log, COMMAND_MS, err);
}

static int connect_machine(struct network *network, int i, struct err *err)
{
    char cable[160], plug[64], address[64];
    if (unshare(CLONE_NEWNET) != 0 || (network->machine[i] = open_current()) < 0)
        return err_set(err, ERR_FAILED, "cannot create a network namespace: %s", strerror(errno));
    snprintf(address, sizeof address, "address add %s/24 dev eth0", addresses[i]);
    snprintf(cable, sizeof cable, "link add cable%d type veth peer name eth0 netns /proc/%d/fd/%d", i, (int)getpid(),
             network->machine[i]);
    snprintf(plug, sizeof plug, "link set cable%d master switch up", i);
    network_leave(network);
    if (ip(network, cable, err) != 0 || ip(network, plug, err) != 0)
        return -1;
    network_enter(network, i);
    int status = ip(network, "link set lo up", err) != 0 || ip(network, address, err) != 0 ||
                         ip(network, "link set eth0 up", err) != 0
                     ? -1
                     : 0;
    network_leave(network);
    return status;
}

int network_open(struct network *network, const struct folder *folder, struct err *err)
{
    *network = (struct network){.outside = open_current()};
    for (int i = 0; i < MACHINES; i++)
        network->machine[i] = -1;
    snprintf(network->log, sizeof network->log, "%s/ip.log", folder->path);
    if (ip(network, "link set lo up", err) != 0 || ip(network, "link add switch type bridge", err) != 0 ||
        ip(network, "link set switch up", err) != 0)
        return -1;
    for (int i = 0; i < MACHINES; i++)
        if (connect_machine(network, i, err) != 0)
            return -1;
    return 0;
}

void network_close(struct network *network)
{
    for (int i = 0; i < MACHINES; i++)
        if (network->machine[i] > 0)
            close(network->machine[i]);
    if (network->outside > 0)
        close(network->outside);
    *network = (struct network){0};
}

static int set_cable(const struct network *network, int machine, const char *state, struct err *err)
{
    char command[64];
    snprintf(command, sizeof command, "link set cable%d %s", machine, state);
    return ip(network, command, err);
}

int network_cut(const struct network *network, int machine, struct err *err)
{
    return set_cable(network, machine, "down", err);
}

int network_join(const struct network *network, int machine, struct err *err)
{
    return set_cable(network, machine, "up", err);
}
