#include "discovery/merged_list.h"

#include <stdlib.h>
#include <string.h>

/* A removal copies the list. So failed instances are removed in batches: when an eighth
 * of the list has failed, or after BATCH_MS. */
enum { BATCH_SHARE = 8, BATCH_MS = 100 };

static bool is_missing(const struct merged_list *merged, size_t i)
{
    return merged->missing && merged->missing[i];
}

static void set_list(struct merged_list *merged, struct instance_list *list, bool *missing, int64_t *until_ms)
{
    instance_list_unref(merged->list);
    free(merged->missing);
    free(merged->until_ms);
    merged->list = list;
    merged->missing = missing;
    merged->until_ms = until_ms;
    merged->failed_count = 0;
    merged->next_expiry_ms = INT64_MAX;
    for (size_t i = 0; missing && i < list->count; i++)
        if (missing[i] && until_ms[i] < merged->next_expiry_ms)
            merged->next_expiry_ms = until_ms[i];
}

/* --- Sort by address --------------------------------------------------------------------- */

static int by_address(const void *left, const void *right)
{
    const struct instance *a = *(const struct instance *const *)left, *b = *(const struct instance *const *)right;
    return a->port != b->port ? (a->port > b->port) - (a->port < b->port) : strcmp(a->address, b->address);
}

static const struct instance **sorted_by_address(const struct instance_list *list)
{
    const struct instance **sorted = malloc((list->count + 1) * sizeof *sorted);
    if (!sorted)
        return NULL;
    for (size_t i = 0; i < list->count; i++)
        sorted[i] = &list->at[i];
    qsort(sorted, list->count, sizeof *sorted, by_address);
    return sorted;
}

/* --- Which instances stay as missing ------------------------------------------------------- */

/* A missing instance does not stay if its address now belongs to another instance, which
 * has replaced it. Returns how many stay. */
static size_t drop_replaced(const struct merged_list *merged, const struct instance_list *list, int64_t *kept_until)
{
    const struct instance **taken = sorted_by_address(list);
    size_t kept = 0;
    for (size_t i = 0; i < merged->list->count; i++) {
        const struct instance *instance = &merged->list->at[i];
        if (!kept_until[i])
            continue;
        if (!taken || bsearch(&instance, taken, list->count, sizeof *taken, by_address))
            kept_until[i] = 0;
        kept += kept_until[i] != 0;
    }
    free(taken);
    return kept;
}

/* True: entry i of the old list is in the new list. Both have the same order, so `at` only moves forward, and
 * one pass finds all. */
static bool is_named(const struct instance_list *list, size_t *at, const struct instance_list *old, size_t i)
{
    int order = 1;
    while (*at < list->count && (order = instance_list_match(list, *at, old, i)) < 0)
        (*at)++;
    return *at < list->count && order == 0;
}

static bool has_node_up(const struct merged_list *merged)
{
    for (size_t i = 0; i < merged->list->count; i++)
        if (!merged->list->at[i].node_down)
            return true;
    return false;
}

/* Sets kept_until for each entry of the old list: the time until which it stays as
 * missing, or 0: it does not stay. Returns how many stay. */
static size_t choose_kept(const struct merged_list *merged, const struct instance_list *source_list, bool keep_lost,
                          int64_t now_ms, int64_t *kept_until)
{
    size_t present = 0, lost = 0, kept = 0, at = 0;
    bool any_up = has_node_up(merged);
    for (size_t i = 0; i < merged->list->count; i++) {
        bool named = is_named(source_list, &at, merged->list, i);
        /* An entry of a node that is down is often what a moved instance left behind: it neither stays nor counts. */
        bool counts = !any_up || !merged->list->at[i].node_down;
        present += counts && !is_missing(merged, i);
        lost += counts && !is_missing(merged, i) && !named;
        kept_until[i] = is_missing(merged, i) ? merged->until_ms[i] : now_ms + MERGED_LIST_MISSING_MS;
        if (named || !counts)
            kept_until[i] = 0;
    }
    bool is_doubtful = keep_lost && lost * 2 > present;
    for (size_t i = 0; i < merged->list->count; i++) {
        if (kept_until[i] <= now_ms || (!is_doubtful && !is_missing(merged, i)))
            kept_until[i] = 0;
        kept += kept_until[i] != 0;
    }
    return kept > 0 ? drop_replaced(merged, source_list, kept_until) : 0;
}

static struct instance_list *join_lists(const struct instance_list *source_list, const struct instance_list *old,
                                        const int64_t *kept_until)
{
    struct instance_list *list = instance_list_new();
    bool is_complete = list != NULL;
    for (size_t i = 0; is_complete && i < source_list->count; i++)
        is_complete = instance_list_add(list, &source_list->at[i]);
    for (size_t i = 0; is_complete && i < old->count; i++)
        if (kept_until[i])
            is_complete = instance_list_add(list, &old->at[i]);
    if (!is_complete) {
        instance_list_unref(list);
        return NULL;
    }
    instance_list_finish(list);
    return list;
}

static int use_joined(struct merged_list *merged, const struct instance_list *source_list, const int64_t *kept_until)
{
    const struct instance_list *old = merged->list;
    struct instance_list *list = join_lists(source_list, old, kept_until);
    bool *missing = list ? calloc(list->count + 1, sizeof *missing) : NULL;
    int64_t *until_ms = list ? calloc(list->count + 1, sizeof *until_ms) : NULL;
    if (!missing || !until_ms) {
        instance_list_unref(list);
        free(missing);
        free(until_ms);
        return -1;
    }
    for (size_t i = 0; i < old->count; i++) {
        if (!kept_until[i])
            continue;
        size_t at = (size_t)(instance_list_find_same(list, &old->at[i]) - list->at);
        missing[at] = true;
        until_ms[at] = kept_until[i];
    }
    set_list(merged, list, missing, until_ms);
    return 0;
}

static void merge(struct merged_list *merged, struct instance_list *source_list, bool keep_lost, int64_t now_ms)
{
    int64_t *kept_until = merged->list ? calloc(merged->list->count + 1, sizeof *kept_until) : NULL;
    if (!kept_until || choose_kept(merged, source_list, keep_lost, now_ms, kept_until) == 0 ||
        use_joined(merged, source_list, kept_until) != 0)
        set_list(merged, instance_list_ref(source_list), NULL, NULL);
    free(kept_until);
}

void merged_list_update(struct merged_list *merged, struct instance_list *source_list, bool keep_lost, int64_t now_ms)
{
    merge(merged, source_list, keep_lost, now_ms);
    instance_list_ref(source_list);
    instance_list_unref(merged->source_list);
    merged->source_list = source_list;
}

/* --- Remove missing instances ---------------------------------------------------------------- */

void merged_list_report_failure(struct merged_list *merged, const struct instance *failed, bool timed_out,
                                int64_t now_ms)
{
    const struct instance *instance = merged->list ? instance_list_find_same(merged->list, failed) : NULL;
    if (!instance || (timed_out && merged->source_list->count == 0))
        return;
    size_t i = (size_t)(instance - merged->list->at);
    if (!is_missing(merged, i) || merged->until_ms[i] == 0)
        return;
    merged->until_ms[i] = 0;
    merged->failed_count++;
    int64_t due_ms = merged->failed_count * BATCH_SHARE >= merged->list->count ? now_ms : now_ms + BATCH_MS;
    if (due_ms < merged->next_expiry_ms)
        merged->next_expiry_ms = due_ms;
}

bool merged_list_expire(struct merged_list *merged, int64_t now_ms)
{
    if (!merged->list || merged->next_expiry_ms > now_ms)
        return false;
    merge(merged, merged->source_list, true, now_ms);
    return true;
}

void merged_list_close(struct merged_list *merged)
{
    instance_list_unref(merged->list);
    instance_list_unref(merged->source_list);
    free(merged->missing);
    free(merged->until_ms);
    *merged = (struct merged_list){0};
}
