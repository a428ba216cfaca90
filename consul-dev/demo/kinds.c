#include "kinds.h"

#include <stddef.h>
#include <string.h>

static const struct registry_kind *const kinds[] = {&registry_consul, &registry_nacos, &registry_eureka};

const struct registry_kind *kind_named(const char *source)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->source, source) == 0)
            return kinds[i];
    return NULL;
}
