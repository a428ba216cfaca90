/* Fuzzes the base64 code with texts from etcd's gateway: no text decodes to more bytes than it can hold. */
#include "fuzz/fuzz.h"
#include "registry/base64.h"

/* Decoding an encoded text gives the same bytes. */
static void encode(const char *bytes, size_t len)
{
    struct buf text = BUF_INIT(SIZE_MAX / 2), back = BUF_INIT(SIZE_MAX / 2);
    if (!base64_encode(&text, bytes, len) || !base64_decode(&back, buf_text(&text), text.len) || back.len != len ||
        (len > 0 && memcmp(back.data, bytes, len) != 0))
        abort();
    buf_close(&text);
    buf_close(&back);
}

FUZZ_BYTES(text, len)
{
    struct buf out = BUF_INIT(SIZE_MAX / 2);
    if (base64_decode(&out, text, len) && out.len > len / 4 * 3)
        abort();
    buf_close(&out);
    encode(text, len);
}
