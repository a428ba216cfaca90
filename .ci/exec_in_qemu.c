/* Criterion starts each test by executing the test's program once more. The kernel
 * cannot execute a program for another machine; qemu-user, which runs the first one,
 * can run that one too. Linked into the tests for arm64 in execve's place. */
#include <unistd.h>

int execve(const char *path, char *const argv[], char *const envp[])
{
    size_t count = 0;
    while (argv[count])
        count++;
    char *through_qemu[count + 3];
    through_qemu[0] = "qemu-aarch64";
    through_qemu[1] = (char *)path;
    for (size_t i = 1; i <= count; i++)
        through_qemu[i + 1] = argv[i];
    return execvpe(through_qemu[0], through_qemu, envp);
}
