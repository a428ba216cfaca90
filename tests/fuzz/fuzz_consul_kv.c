/* Fuzzes the parser of Consul's KV store: each reply is parsed to its end, or rejected with an error. */
#include "config/consul_kv_wire.h"
#include "fuzz/fuzz.h"

FUZZ(body, len)
{
    static const char folder[] = "config/order-service/";
    struct config_entries entries = {0};
    struct err err = ERR_INIT;
    int status = consul_kv_parse(body, len, folder, &entries, &err);
    if ((status == 0) != (err.code == ERR_NONE))
        abort(); /* rejected without a reason */
    for (size_t i = 0; i < entries.count; i++)
        if (strlen(entries.at[i].value) > len || strlen(entries.at[i].key) > len)
            abort();
    config_entries_close(&entries);
}
