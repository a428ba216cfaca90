#include "registry/instance_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Memory for the strings: blocks that are freed together ------------------------ */

enum { ARENA_BLOCK_BYTES = 16 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    char bytes[];
};

static char *arena_take(struct arena_block **arena, size_t len)
{
    struct arena_block *block = *arena;
    if (!block || block->size - block->used < len) {
        size_t size = len > ARENA_BLOCK_BYTES ? len : ARENA_BLOCK_BYTES;
        block = malloc(sizeof *block + size);
        if (!block)
            return NULL;
        *block = (struct arena_block){.next = *arena, .size = size};
        *arena = block;
    }
    char *bytes = block->bytes + block->used;
    block->used += len;
    return bytes;
}

/* NULL is "". Most zones and versions are empty: they need no memory. */
static const char *arena_text(struct arena_block **arena, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len == 0)
        return "";
    char *copy = arena_take(arena, len + 1);
    return copy ? memcpy(copy, text, len + 1) : NULL;
}

static void arena_free(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

/* --- Building a list ----------------------------------------------------------------- */

struct instance_list *instance_list_new(void)
{
    struct instance_list *list = calloc(1, sizeof *list);
    if (list)
        list->references = 1;
    return list;
}

static bool list_reserve(struct instance_list *list)
{
    if (list->count < list->size)
        return true;
    size_t size = list->size ? list->size * 2 : 16;
    struct instance *at = realloc(list->at, size * sizeof *at);
    if (!at)
        return false;
    list->at = at;
    list->size = size;
    return true;
}

bool instance_list_add(struct instance_list *list, const struct instance *instance)
{
    struct err why = ERR_INIT;
    if (instance_check(instance, &why) != 0) {
        instance_list_drop(list, instance->id, why.text);
        return true;
    }
    if (!list_reserve(list))
        return false;

    struct instance copy = *instance;
    copy.id = arena_text(&list->strings, instance->id);
    copy.node = arena_text(&list->strings, instance->node);
    copy.address = arena_text(&list->strings, instance->address);
    copy.zone = arena_text(&list->strings, instance->zone);
    copy.version = arena_text(&list->strings, instance->version);
    copy.tags = arena_text(&list->strings, instance->tags);
    copy.position = list->count;
    if (!copy.id || !copy.node || !copy.address || !copy.zone || !copy.version || !copy.tags)
        return false;
    list->at[list->count++] = copy;
    return true;
}

void instance_list_drop(struct instance_list *list, const char *id, const char *why)
{
    if (list->dropped++ > 0)
        return;
    snprintf(list->dropped_why, sizeof list->dropped_why, "%.60s: %s", *id ? id : "(no id)", why);
    for (char *p = list->dropped_why; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Of two entries that cannot be told apart, the one that stays comes first. */
static int compare_quality(const struct instance *a, const struct instance *b)
{
    int order = compare_numbers(instance_overall_status(a), instance_overall_status(b));
    if (order == 0)
        order = compare_numbers(b->change, a->change);
    return order ? order : compare_numbers(a->position, b->position);
}

static int by_node(const void *left, const void *right)
{
    int order = instance_order(left, right);
    return order ? order : compare_quality(left, right);
}

static int compare_address(const struct instance *a, const struct instance *b)
{
    int order = strcmp(a->id, b->id);
    if (order == 0)
        order = compare_numbers(a->port, b->port);
    return order ? order : strcmp(a->address, b->address);
}

static int by_address(const void *left, const void *right)
{
    int order = compare_address(left, right);
    return order ? order : compare_quality(left, right);
}

/* Keeps the first of each row of equal entries. */
static void drop_equal(struct instance_list *list, int (*compare)(const struct instance *, const struct instance *),
                       const char *why)
{
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++) {
        if (compare(&list->at[kept - 1], &list->at[i]) == 0)
            instance_list_drop(list, list->at[i].id, why);
        else
            list->at[kept++] = list->at[i];
    }
    list->count = kept;
}

static bool same_id(const struct instance_list *list, size_t i, size_t k)
{
    return strcmp(list->at[i].id, list->at[k].id) == 0;
}

static bool has_twins(const struct instance_list *list)
{
    for (size_t i = 1; i < list->count; i++)
        if (same_id(list, i - 1, i))
            return true;
    return false;
}

void instance_list_finish(struct instance_list *list)
{
    if (list->count == 0)
        return;
    qsort(list->at, list->count, sizeof *list->at, by_node);
    drop_equal(list, instance_order, "another entry has the same id and node");
    if (!has_twins(list)) /* almost always */
        return;
    qsort(list->at, list->count, sizeof *list->at, by_address);
    drop_equal(list, compare_address, "another entry has the same id, address and port");
    qsort(list->at, list->count, sizeof *list->at, by_node);
}

/* --- Using a list ----------------------------------------------------------------------- */

struct instance_list *instance_list_ref(struct instance_list *list)
{
    if (list)
        list->references++;
    return list;
}

void instance_list_unref(struct instance_list *list)
{
    if (!list || --list->references > 0)
        return;
    arena_free(list->strings);
    free(list->at);
    free(list);
}

/* The first entry that is not before the key; list->count: none. */
static size_t find_from(const struct instance_list *list, const struct instance *key)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (instance_order(&list->at[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct instance *instance_list_find(const struct instance_list *list, const char *id)
{
    const struct instance key = {.id = id, .node = ""};
    size_t at = find_from(list, &key);
    return at < list->count && strcmp(list->at[at].id, id) == 0 ? &list->at[at] : NULL;
}

const struct instance *instance_list_find_same(const struct instance_list *list, const struct instance *instance)
{
    size_t at = find_from(list, instance);
    return at < list->count && instance_order(&list->at[at], instance) == 0 ? &list->at[at] : NULL;
}

/* No other entry of the list has its id. */
static bool is_alone(const struct instance_list *list, size_t i)
{
    return (i == 0 || !same_id(list, i - 1, i)) && (i + 1 == list->count || !same_id(list, i, i + 1));
}

int instance_list_match(const struct instance_list *a, size_t i, const struct instance_list *b, size_t k)
{
    int order = instance_order(&a->at[i], &b->at[k]);
    if (order != 0 && strcmp(a->at[i].id, b->at[k].id) == 0 && is_alone(a, i) && is_alone(b, k))
        return 0;
    return order;
}

static bool instance_equal(const struct instance *a, const struct instance *b)
{
    return a->port == b->port && a->weight == b->weight && a->warning_weight == b->warning_weight &&
           a->status == b->status && a->maintenance == b->maintenance && a->node_down == b->node_down &&
           instance_order(a, b) == 0 && strcmp(a->address, b->address) == 0 && strcmp(a->zone, b->zone) == 0 &&
           strcmp(a->version, b->version) == 0 && strcmp(a->tags, b->tags) == 0;
}

bool instance_list_equal(const struct instance_list *a, const struct instance_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!instance_equal(&a->at[i], &b->at[i]))
            return false;
    return true;
}
