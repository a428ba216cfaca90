/* Replaces execve() in the tests for arm64. Criterion starts each test by executing the
 * test program again. The kernel cannot execute an arm64 program, so this version runs it
 * with qemu-user. */
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
