#include "config/config_source.h"

#include <stdlib.h>
#include <string.h>

static size_t without_line_break(const char *value, size_t len)
{
    len -= len > 0 && value[len - 1] == '\n';
    len -= len > 0 && value[len - 1] == '\r';
    return len;
}

static char *text_new(const char *bytes, size_t len)
{
    char *text = malloc(len + 1);
    for (size_t i = 0; text && i < len; i++)
        text[i] = bytes[i] ? bytes[i] : '?';
    if (text)
        text[len] = '\0';
    return text;
}

int config_entries_add(struct config_entries *entries, const char *key, const char *value, size_t len)
{
    struct config_entry *grown = realloc(entries->at, (entries->count + 1) * sizeof *grown);
    if (!grown)
        return -1;
    entries->at = grown;
    struct config_entry *entry = &entries->at[entries->count];
    *entry = (struct config_entry){strdup(key), text_new(value, without_line_break(value, len))};
    if (entry->key && entry->value) {
        entries->count++;
        return 0;
    }
    free(entry->key);
    free(entry->value);
    return -1;
}

const char *config_entries_find(const struct config_entries *entries, const char *key)
{
    for (size_t i = 0; i < entries->count; i++)
        if (strcmp(entries->at[i].key, key) == 0)
            return entries->at[i].value;
    return NULL;
}

void config_entries_close(struct config_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        free(entries->at[i].key);
        free(entries->at[i].value);
    }
    free(entries->at);
    *entries = (struct config_entries){0};
}
