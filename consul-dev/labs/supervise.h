/* supervise: runs a lab in a child process, so that nothing stays behind however it ends.
 *
 * Servers are killed by the kernel when the lab's process ends (harness/proc.h). The
 * supervisor then waits until they are gone, and removes the lab's folder: also after
 * Ctrl-C, SIGTERM or a crash of the lab. If the supervisor itself is killed, the lab and
 * its servers end with it, and a guard (harness/guard.h) removes the folder.
 */
#ifndef LABS_SUPERVISE_H
#define LABS_SUPERVISE_H

/* Returns the exit code of run(arg); 128 + the signal that ended it. */
int supervise(int (*run)(void *arg), void *arg);

#endif
