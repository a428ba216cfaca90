/* hash: the same bytes give the same number, on every machine and in every version.
 *
 * For distributing keys and for detecting damage, not against an attacker. FNV-1a
 * (Fowler, Noll, Vo), followed by SplitMix64's mixer, because with FNV alone the
 * hashes of short texts have similar high bits.
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
