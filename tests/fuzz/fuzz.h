/* fuzz: the macros that define a fuzzer (llvm.org/docs/LibFuzzer.html).
 *
 * A fuzzer is one function that gets random bytes as if a client had sent them. It gets a
 * copy of exactly their size, so that AddressSanitizer reports each read past the end. It
 * aborts if the parser breaks a promise.
 *
 *     FUZZ(text, len)
 *     {
 *         if (parse(text, len) == 0 && ...)
 *             abort();
 *     }
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Defines a fuzzer of a text: bytes with a '\0' after them. There may be others inside. The text may be changed. */
#define FUZZ(text, len) FUZZ_WITH(1, text, len)
/* Defines a fuzzer of bytes: nothing follows them. */
#define FUZZ_BYTES(bytes, len) FUZZ_WITH(0, bytes, len)

#define FUZZ_WITH(zeros, text, len)                                       \
    static void fuzz_one(char *text, size_t len);                         \
    int LLVMFuzzerTestOneInput(const uint8_t *fuzz_bytes, size_t fuzz_len) \
    {                                                                     \
        char *copy = malloc(fuzz_len + (zeros));                          \
        memcpy(copy, fuzz_bytes, fuzz_len);                               \
        if (zeros)                                                        \
            copy[fuzz_len] = '\0';                                        \
        fuzz_one(copy, fuzz_len);                                         \
        free(copy);                                                       \
        return 0;                                                         \
    }                                                                     \
    static void fuzz_one(char *text, size_t len)

#endif
