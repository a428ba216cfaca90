#include "base/env.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

static int parse_digits(const char *text, int64_t *number, const char **rest)
{
    if (!isdigit((unsigned char)*text))
        return -1;
    int64_t value = 0;
    for (; isdigit((unsigned char)*text); text++) {
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *text - '0', &value))
            return -1;
    }
    *number = value;
    *rest = text;
    return 0;
}

static int parse_with_unit(const char *text, const struct unit *units, int64_t *out)
{
    int64_t number;
    const char *rest;
    if (parse_digits(text, &number, &rest) != 0)
        return -1;
    for (const struct unit *unit = units; unit->name; unit++)
        if (strcmp(rest, unit->name) == 0)
            return __builtin_mul_overflow(number, unit->factor, out) ? -1 : 0;
    return -1;
}

int env_parse_int(const char *text, int64_t *number)
{
    bool negative = *text == '-';
    const char *rest;
    if (parse_digits(text + negative, number, &rest) != 0 || *rest)
        return -1;
    if (negative)
        *number = -*number;
    return 0;
}

int env_parse_duration(const char *text, int64_t *ms)
{
    static const struct unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {0}};
    if (strcmp(text, "0") == 0) {
        *ms = 0;
        return 0;
    }
    return parse_with_unit(text, units, ms);
}

int env_parse_size(const char *text, int64_t *bytes)
{
    static const struct unit units[] = {
        {"B", 1},           {"KB", 1000},         {"MB", 1000000},       {"GB", 1000000000}, {"TB", 1000000000000},
        {"KiB", 1LL << 10}, {"MiB", 1LL << 20},   {"GiB", 1LL << 30},    {"TiB", 1LL << 40}, {0},
    };
    return parse_with_unit(text, units, bytes);
}

/* 90000 -> "90s": the largest unit that stays a whole number. */
static void print_duration(char *out, size_t size, int64_t ms)
{
    if (ms == 0)
        snprintf(out, size, "0");
    else if (ms % 3600000 == 0)
        snprintf(out, size, "%lldh", (long long)(ms / 3600000));
    else if (ms % 60000 == 0)
        snprintf(out, size, "%lldm", (long long)(ms / 60000));
    else if (ms % 1000 == 0)
        snprintf(out, size, "%llds", (long long)(ms / 1000));
    else
        snprintf(out, size, "%lldms", (long long)ms);
}

/* "10s, 5m or 1h": examples that the setting accepts. */
static void print_examples(char *out, size_t size, const struct env_var *var)
{
    static const int64_t examples[] = {500, 10000, 300000, 3600000};
    enum { EXAMPLES = sizeof examples / sizeof *examples };
    char texts[EXAMPLES][24];
    size_t count = 0, len = 0;
    for (size_t i = 0; i < EXAMPLES; i++)
        if (examples[i] >= var->min && examples[i] <= var->max)
            print_duration(texts[count++], sizeof *texts, examples[i]);
    if (count == 0)
        print_duration(texts[count++], sizeof *texts, var->min);
    for (size_t i = 0; i < count && len < size; i++) {
        const char *mark = i == 0 ? "" : i + 1 < count ? ", " : " or ";
        len += (size_t)snprintf(out + len, size - len, "%s%s", mark, texts[i]);
    }
}

void env_describe(const struct env_var *var, char *out, size_t size)
{
    char min[32], max[32], examples[96];
    switch (var->kind) {
    case ENV_TEXT:
        snprintf(out, size, "%s", var->accepts ? var->accepts : "text");
        return;
    case ENV_INT:
        snprintf(out, size, "a whole number, %lld to %lld", (long long)var->min, (long long)var->max);
        return;
    case ENV_DURATION:
        print_duration(min, sizeof min, var->min);
        print_duration(max, sizeof max, var->max);
        print_examples(examples, sizeof examples, var);
        snprintf(out, size, "a duration of %s to %s, such as %s", min, max, examples);
        return;
    case ENV_CHOICE:
        snprintf(out, size, "one of %s", var->choices);
        return;
    case ENV_BOOL:
        snprintf(out, size, "true or false");
        return;
    }
}

static int find_choice(const char *choices, const char *value, int *index)
{
    size_t len = strlen(value);
    int at = 0;
    for (const char *p = choices;; at++) {
        size_t word = strcspn(p, "|");
        if (word == len && memcmp(p, value, len) == 0) {
            *index = at;
            return 0;
        }
        if (!p[word])
            return -1;
        p += word + 1;
    }
}

static int read_bool(const char *value, bool *out)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
            *out = strcmp(value, yes[i]) == 0;
            return 0;
        }
    }
    return -1;
}

static int read_number(const struct env_var *var, const char *value)
{
    int64_t number;
    int (*parse)(const char *, int64_t *) = var->kind == ENV_INT ? env_parse_int : env_parse_duration;
    if (parse(value, &number) != 0 || number < var->min || number > var->max)
        return -1;
    *(int64_t *)var->target = number;
    return 0;
}

static int read_text(const struct env_var *var, const char *value)
{
    size_t len = strlen(value);
    if (var->max > 0 && len > (size_t)var->max)
        return -1;
    if (len && var->check && var->check(value) != 0)
        return -1;
    *(const char **)var->target = value;
    return 0;
}

int env_read_one(const struct env_var *var, const char *value)
{
    switch (var->kind) {
    case ENV_TEXT:
        return read_text(var, value);
    case ENV_INT:
    case ENV_DURATION:
        return read_number(var, value);
    case ENV_CHOICE:
        return find_choice(var->choices, value, (int *)var->target);
    case ENV_BOOL:
        return read_bool(value, (bool *)var->target);
    }
    return -1;
}

const char *env_value(const struct env_var *var)
{
    const char *value = getenv(var->name);
    return value && *value ? value : var->fallback;
}

const struct env_var *env_find(const struct env_var *vars, size_t count, const char *name)
{
    for (const struct env_var *var = vars; var < vars + count; var++)
        if (strcmp(var->name, name) == 0)
            return var;
    return NULL;
}

int env_read(const struct env_var *vars, size_t count, struct err *err)
{
    for (const struct env_var *var = vars; var < vars + count; var++) {
        const char *value = env_value(var);
        if (env_read_one(var, value) == 0)
            continue;

        char accepted[160];
        env_describe(var, accepted, sizeof accepted);
        return err_set(err, ERR_INVALID, "%s=%.60s: want %s", var->name, var->secret ? "***" : value, accepted);
    }
    return 0;
}

void env_help(FILE *out, const struct env_var *vars, size_t count)
{
    for (const struct env_var *var = vars; var < vars + count; var++) {
        char accepted[160];
        env_describe(var, accepted, sizeof accepted);
        fprintf(out, "  %s\n", var->name);
        if (var->help)
            fprintf(out, "      %s\n", var->help);
        fprintf(out, "      default %s; %s\n", *var->fallback ? var->fallback : "(empty)", accepted);
    }
}
