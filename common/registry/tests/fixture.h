/* fixture: a recorded reply of a registry, from the folder fixtures beside its tests. */
#ifndef REGISTRY_TESTS_FIXTURE_H
#define REGISTRY_TESTS_FIXTURE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/place.h"

/* kind: the registry's folder. The caller frees the text. */
static inline char *fixture_read(const char *kind, const char *name)
{
    enum { TEXT_MAX = 64 * 1024 };
    char root[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 200];
    source_path(root);
    snprintf(path, sizeof path, "%s/common/registry/%s/tests/fixtures/%s", root, kind, name);
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    char *text = calloc(1, TEXT_MAX);
    cr_assert(fread(text, 1, TEXT_MAX - 1, file) > 0);
    fclose(file);
    return text;
}

#endif
