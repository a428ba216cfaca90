#include "dialect.h"

static const struct dialect *in_use;

void dialect_use(const struct dialect *chosen)
{
    in_use = chosen;
}

const struct dialect *dialect(void)
{
    return in_use;
}

void dialect_comma(struct buf *out)
{
    if (out->len > 0 && out->data[out->len - 1] == '}')
        buf_adds(out, ",");
}
