/* secret_file: a file that holds one secret, a token or a password. Docker and Kubernetes hand secrets to a program
 * in this form, and replace the file when the secret changes.
 *
 * Whitespace at the end of the file does not count. The error says only why: neither the file's name nor its content.
 */
#ifndef REGISTRY_SECRET_FILE_H
#define REGISTRY_SECRET_FILE_H

#include <stdint.h>

#include "base/err.h"

enum { SECRET_MAX = 512 }; /* bytes */

/* Blocks: only for the start of a program. 0, or -1: it cannot be read, or holds more than SECRET_MAX bytes. */
int secret_file_read_blocking(const char *path, char secret[SECRET_MAX + 1], struct err *err);
/* The same for a fiber: reads on another thread, because the file may be on a disk that hangs. */
int secret_file_read(const char *path, int64_t deadline, char secret[SECRET_MAX + 1], struct err *err);

#endif
