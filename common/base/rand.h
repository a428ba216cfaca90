/* rand: random numbers for jitter, draws and ids. Not for secrets.
 *
 * Everything random in a program comes from this one generator, so that a test
 * which seeds it sees the same run again. SplitMix64: Steele, Lea, Flood,
 * "Fast splittable pseudorandom number generators", OOPSLA 2014.
 */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stdint.h>

/* Seeded from the kernel at first use, unless a test seeded it. */
void rand_seed(uint64_t seed);

uint64_t rand_u64(void);
/* What the next rand_u64() will be; draws nothing. */
uint64_t rand_peek(void);
/* Maps a draw to 0 … n-1 evenly (n > 0): multiply and shift, no modulo bias
 * worth speaking of for the sizes used here. */
uint64_t rand_scale(uint64_t draw, uint64_t n);
/* 0 … n-1, n > 0. */
uint64_t rand_below(uint64_t n);
/* value ± percent %, evenly: rand_jitter(1000, 20) is 800 … 1200. */
int64_t rand_jitter(int64_t value, int percent);

#endif
