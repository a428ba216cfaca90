#include "service/registry_order.h"

#include <string.h>

static const char *const names[KINDS] = {"consul", "etcd", "nacos", "eureka"};

const char *kind_name(enum kind kind)
{
    return names[kind];
}

static int find_kind(const char *word, size_t len)
{
    for (int kind = 0; kind < KINDS; kind++)
        if (strlen(names[kind]) == len && strncmp(names[kind], word, len) == 0)
            return kind;
    return -1;
}

int registry_order_parse(const char *text, enum kind order[KINDS])
{
    unsigned seen = 0;
    for (int count = 0;; text++) {
        size_t len = strcspn(text, ",");
        int kind = find_kind(text, len);
        if (kind < 0 || seen & 1u << kind)
            return -1;
        seen |= 1u << kind;
        order[count++] = (enum kind)kind;
        text += len;
        if (!*text)
            return count;
    }
}

int registry_order_check(const char *text)
{
    enum kind order[KINDS];
    return registry_order_parse(text, order) < 0 ? -1 : 0;
}
