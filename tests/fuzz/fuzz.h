/* fuzz: what all fuzzers have in common (llvm.org/docs/LibFuzzer.html).
 *
 * A fuzzer is one function over bytes that a stranger sends. It gets a copy of
 * just their size, so that AddressSanitizer sees each read past the end, and
 * aborts where a promise does not hold.
 *
 *     FUZZ(text, len)
 *     {
 *         if (parse(text, len) == 0 && ...)
 *             abort();
 *     }
 */
#ifndef BASE_TESTS_FUZZ_H
#define BASE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Bytes with a '\0' behind them, as all texts of ours have; they may hold others, and may be changed. */
#define FUZZ(text, len) FUZZ_WITH(1, text, len)
/* Bytes, and nothing behind them. */
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
