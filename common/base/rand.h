/* rand: random numbers for jitter, draws and ids. Not for secrets.
 *
 * All random numbers of a program come from this one generator, so that a test
 * which seeds it gets the same run again. SplitMix64: Steele, Lea, Flood,
 * "Fast splittable pseudorandom number generators", OOPSLA 2014.
 */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stdint.h>

/* For tests. Otherwise the generator seeds itself from the kernel at first use. */
void rand_seed(uint64_t seed);

uint64_t rand_u64(void);
/* Returns what the next rand_u64() will return, and does not advance the generator. */
uint64_t rand_peek(void);
/* Maps a draw to 0 … n-1 evenly (n > 0), by multiply and shift. The bias is
 * negligible for the sizes used here. */
uint64_t rand_scale(uint64_t draw, uint64_t n);
/* 0 … n-1, n > 0. */
uint64_t rand_below(uint64_t n);
/* value ± percent %, evenly: rand_jitter(1000, 20) is 800 … 1200. */
int64_t rand_jitter(int64_t value, int percent);

#endif
