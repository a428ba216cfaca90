/* hash: the same bytes give the same number, on every machine and for ever.
 *
 * For spreading and for noticing damage, not against an attacker. FNV-1a (Fowler,
 * Noll, Vo), finished with SplitMix64's mixer, because FNV alone leaves the high
 * bits of short texts alike.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t hash_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t hash_bytes(const void *bytes, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const unsigned char *p = bytes, *end = p + len; p < end; p++)
        hash = (hash ^ *p) * 0x100000001b3u;
    return hash_mix(hash);
}

#endif
