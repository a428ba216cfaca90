#include "registry/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Three bytes become four digits. One or two bytes become fewer digits, filled up with '='. */
static void encode_group(const unsigned char *bytes, size_t count, char group[4])
{
    uint32_t bits = (uint32_t)bytes[0] << 16 | (count > 1 ? (uint32_t)bytes[1] << 8 : 0) | (count > 2 ? bytes[2] : 0);
    for (size_t i = 0; i < 4; i++)
        group[i] = i <= count ? digits[bits >> (18 - 6 * i) & 63] : '=';
}

bool base64_encode(struct buf *out, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i += 3) {
        char group[4];
        encode_group(p + i, len - i < 3 ? len - i : 3, group);
        if (!buf_add(out, group, sizeof group))
            return false;
    }
    return true;
}

/* The number of bytes that the four digits encode, 1 to 3; 0 if they are not valid. */
static size_t decode_group(const char *group, unsigned char bytes[3])
{
    size_t count = group[3] != '=' ? 3 : group[2] != '=' ? 2 : 1;
    uint32_t bits = 0;
    for (size_t i = 0; i <= count; i++) {
        const char *digit = group[i] ? strchr(digits, group[i]) : NULL;
        if (!digit)
            return 0;
        bits |= (uint32_t)(digit - digits) << (18 - 6 * i);
    }
    for (size_t i = 0; i < 3; i++)
        bytes[i] = (unsigned char)(bits >> (16 - 8 * i));
    return count;
}

bool base64_decode(struct buf *out, const char *text, size_t len)
{
    if (len % 4 != 0)
        return false;
    for (size_t i = 0; i < len; i += 4) {
        unsigned char bytes[3];
        size_t count = decode_group(text + i, bytes);
        bool is_last = i + 4 == len;
        if (count == 0 || (count < 3 && !is_last) || !buf_add(out, bytes, count))
            return false;
    }
    return true;
}
