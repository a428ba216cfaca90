#include "discovery/knowledge.h"

#include <stdio.h>
#include <string.h>

enum { REASON_MAX = 90 }; /* bytes of each: so that the reasons of two fit into what /health shows */

bool knowledge_answer(struct answer *answer, struct instance_list *list, uint64_t index, int64_t now_ms)
{
    answer->asked = true;
    answer->confirmed_ms = now_ms;
    answer->index = index;
    err_clear(&answer->error);
    if (!list || (answer->list && instance_list_equal(answer->list, list))) {
        instance_list_unref(list); /* the same again: nobody need look at it anew */
        return false;
    }
    instance_list_unref(answer->list);
    answer->list = list;
    return true;
}

void knowledge_failed(struct answer *answer, const struct err *err)
{
    answer->has_failed = true;
    answer->asked = true;
    answer->error = *err;
}

static bool is_fresh(const struct knowledge *knowledge, const struct answer *answer, int64_t now_ms)
{
    return answer->list && now_ms - answer->confirmed_ms <= knowledge->ttl_ms;
}

static const struct answer *choose(const struct knowledge *knowledge, int64_t now_ms)
{
    const struct answer *newest = NULL;
    for (size_t i = 0; i < knowledge->registry_count; i++) {
        const struct answer *answer = &knowledge->registries[i];
        if (is_fresh(knowledge, answer, now_ms))
            return answer;
        if (answer->list && (!newest || answer->confirmed_ms > newest->confirmed_ms))
            newest = answer;
    }
    if (newest)
        return newest;
    if (knowledge->disk.list)
        return &knowledge->disk;
    return knowledge->fixed.list ? &knowledge->fixed : NULL;
}

/* May those whom the next answer drops be kept as missing? Not static ones: no
 * registry ever named them. From disk only while they are as young as missing
 * ones may get: yesterday's instances are not missed. Unless they are who was
 * called until now, for the registry was away, and it comes back empty: it is the
 * one that has forgotten. */
static bool is_worth_missing(const struct knowledge *knowledge, const struct answer *before, int64_t now_ms)
{
    if (!before)
        return false;
    bool is_last_resort = before == &knowledge->fixed ||
                          (before == &knowledge->disk && now_ms - before->confirmed_ms > ROSTER_MISSING_MS);
    return !is_last_resort || (knowledge->used->has_failed && knowledge->used->list->count == 0);
}

void knowledge_settle(struct knowledge *knowledge, int64_t now_ms)
{
    const struct answer *before = knowledge->used;
    knowledge->used = choose(knowledge, now_ms);
    if (!knowledge->used)
        return;
    if (knowledge->used->list != knowledge->roster.answer) {
        bool keep_lost = is_worth_missing(knowledge, before, now_ms);
        roster_take(&knowledge->roster, knowledge->used->list, keep_lost, now_ms);
        knowledge->version++;
    }
    if (roster_settle(&knowledge->roster, now_ms))
        knowledge->version++;
}

const char *knowledge_source(const struct knowledge *knowledge, int64_t now_ms)
{
    const struct answer *used = knowledge->used;
    if (!used)
        return "";
    if (used == &knowledge->fixed)
        return "static";
    if (used == &knowledge->disk)
        return "disk";
    return is_fresh(knowledge, used, now_ms) ? used->kind : "cache";
}

int64_t knowledge_age_ms(const struct knowledge *knowledge, int64_t now_ms)
{
    const struct answer *used = knowledge->used;
    return !used || used == &knowledge->fixed ? 0 : now_ms - used->confirmed_ms;
}

const char *knowledge_error(const struct knowledge *knowledge)
{
    for (size_t i = 0; i < knowledge->registry_count; i++)
        if (knowledge->registries[i].error.code != ERR_NONE)
            return knowledge->registries[i].error.text;
    return NULL;
}

bool knowledge_answers(const struct knowledge *knowledge, char *failing, size_t size)
{
    bool any = false;
    failing[0] = '\0';
    for (size_t i = 0; i < knowledge->registry_count; i++) {
        const struct answer *answer = &knowledge->registries[i];
        size_t len = strlen(failing);
        if (answer->error.code != ERR_NONE)
            snprintf(failing + len, size - len, "%s%.*s", len > 0 ? "; " : "", REASON_MAX, answer->error.text);
        else if (answer->asked)
            any = true;
    }
    return any;
}

bool knowledge_is_pending(const struct knowledge *knowledge)
{
    for (size_t i = 0; i < knowledge->registry_count; i++)
        if (!knowledge->registries[i].asked)
            return true;
    return !knowledge->disk.asked;
}

void knowledge_close(struct knowledge *knowledge)
{
    for (size_t i = 0; i < knowledge->registry_count; i++)
        instance_list_unref(knowledge->registries[i].list);
    instance_list_unref(knowledge->disk.list);
    instance_list_unref(knowledge->fixed.list);
    roster_close(&knowledge->roster);
}
