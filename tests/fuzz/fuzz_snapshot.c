/* Fuzzes the parsers of the snapshot file and of STATIC_INSTANCES. */
#include <inttypes.h>

#include "base/hash.h"
#include "fuzz/fuzz.h"
#include "discovery/snapshot_format.h"
#include "discovery/static_list.h"

/* A list that was read can be written and read again without a change. */
static void write_again(const struct instance_list *list, int64_t confirmed)
{
    struct buf out = BUF_INIT(SIZE_MAX / 2);
    struct instance_list *again = NULL;
    struct err err = ERR_INIT;
    int64_t confirmed_again;
    if (snapshot_write(&out, list, confirmed) != 0)
        abort();
    if (snapshot_read(out.data, out.len, &again, &confirmed_again, &err) != 0 || confirmed_again != confirmed ||
        !instance_list_equal(again, list))
        abort();
    instance_list_unref(again);
    buf_close(&out);
}

static void read_file(char *text, size_t len)
{
    struct instance_list *list = NULL;
    struct err err = ERR_INIT;
    int64_t confirmed;
    if (snapshot_read(text, len, &list, &confirmed, &err) == 0)
        write_again(list, confirmed);
    else if (err.code == ERR_NONE)
        abort(); /* rejected without a reason */
    instance_list_unref(list);
}

/* A fuzzer cannot guess a checksum, so this adds the right one. */
static void read_with_checksum(const char *text, size_t len)
{
    struct buf file = BUF_INIT(SIZE_MAX / 2);
    buf_add(&file, text, len);
    buf_addf(&file, "checksum %016" PRIx64 "\n", hash_bytes(text, len));
    read_file(file.data, file.len);
    buf_close(&file);
}

FUZZ(text, len)
{
    struct instance_list *list = NULL;
    struct err err = ERR_INIT;
    if (static_list_parse(text, "user-service", &list, &err) != 0 && (list || err.code == ERR_NONE))
        abort();
    instance_list_unref(list);
    read_with_checksum(text, len);
    read_file(text, len);
}
