#include "exercise.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "explain.h"
#include "show.h"

struct options {
    const char *file, *lines;
    bool json;
};

/* --- Where to edit -------------------------------------------------------------------------- */

enum { FUNCTION_MAX = 100 };

/* The line in which a function begins, read from a file of lines "function line"; 0: not found. */
static int line_of(const char *lines, const char *function)
{
    FILE *file = fopen(lines, "r");
    char name[FUNCTION_MAX];
    int line, found = 0;
    while (file && !found && fscanf(file, "%99s %d", name, &line) == 2)
        if (strcmp(name, function) == 0)
            found = line;
    if (file)
        fclose(file);
    return found;
}

/* The function that contains a line: the last one that begins before it. If there is none, out stays as it is. */
static void function_at(const char *lines, int sought, char out[FUNCTION_MAX])
{
    FILE *file = fopen(lines, "r");
    char name[FUNCTION_MAX];
    int line, best = 0;
    while (file && fscanf(file, "%99s %d", name, &line) == 2)
        if (line <= sought && line > best) {
            best = line;
            memcpy(out, name, sizeof name);
        }
    if (file)
        fclose(file);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* --- Messages ------------------------------------------------------------------------------ */

/* A question mark needs no full stop after it. */
static bool ends_with_question(const char *text)
{
    static const char *const ends[] = {"?", "？"};
    size_t length = strlen(text);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (length >= strlen(ends[i]) && strcmp(text + length - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

/* One line: what is wrong, where the lesson explains it, and what to edit. */
static void describe_failure(const struct exercise *exercise, const struct check *check, const struct options *options,
                             const struct attempt *attempt, char *out, size_t size)
{
    char what[1400], function[FUNCTION_MAX];
    int line = 0;
    snprintf(function, sizeof function, "%s", check->function);
    if (attempt->result.outcome == UNABLE) {
        snprintf(out, size, text_of(TEXT("cannot be checked on this machine: %s", "本机无法检查：%s")), attempt->result.message);
        return;
    }
    if (attempt->result.outcome == FAILED) {
        snprintf(what, sizeof what, "%s", attempt->result.message);
    } else {
        explain(attempt, check, what, sizeof what);
        line = explain_line(attempt, options->file);
    }
    if (line == 0)
        line = line_of(options->lines, check->function);
    else
        function_at(options->lines, line, function);
    snprintf(out, size, text_of(TEXT("%s%s See %s. Edit %s:%d %s()", "%s%s见%s。请改 %s:%d %s()")), what,
             ends_with_question(what) ? "" : text_of(TEXT(".", "。")), text_of(exercise->lesson), base_name(options->file),
             line, function);
}

/* --- For the learner: up to the first failure ------------------------------------------------ */

static int required_count(const struct exercise *exercise)
{
    int count = 0;
    for (int i = 0; i < exercise->count; i++)
        count += !exercise->checks[i].bonus;
    return count;
}

static int run_for_learner(const struct exercise *exercise, const struct options *options)
{
    int number = 0, total = required_count(exercise);
    for (int i = 0; i < exercise->count; i++) {
        const struct check *check = &exercise->checks[i];
        struct attempt attempt;
        char text[2000];
        number += !check->bonus;
        attempt_run(check, &attempt);
        bool passed = attempt.result.outcome == PASSED;
        if (passed)
            snprintf(text, sizeof text, "%s", text_of(check->title));
        else
            describe_failure(exercise, check, options, &attempt, text, sizeof text);
        show_line(check, number, total, passed, text);
        if (passed)
            continue;
        show_printed(&attempt);
        if (!check->bonus)
            return 1;
    }
    return 0;
}

/* --- For the teacher: all checks, as JSON ---------------------------------------------------- */

/* The learner's code may print any bytes, and a text that was cut may end within a character. JSON needs valid
 * UTF-8: every other byte becomes a question mark. */
static json_t *json_text(char *text)
{
    for (char *at = text; *at;) {
        size_t length = 1;
        json_t *character;
        while (!(character = json_stringn(at, length)) && length < 4 && at[length])
            length++;
        if (!character) {
            *at = '?';
            length = 1;
        }
        json_decref(character);
        at += length;
    }
    return json_string(text);
}

static json_t *check_json(const struct check *check, bool passed, char *message)
{
    return json_pack("{s:s,s:b,s:b,s:o}", "check", text_of(check->title), "bonus", check->bonus, "passed", passed,
                     "message", json_text(message));
}

static int run_for_teacher(const struct exercise *exercise, const struct options *options)
{
    json_t *checks = json_array();
    int passed_count = 0, total = required_count(exercise);
    bool safe = true;
    for (int i = 0; i < exercise->count; i++) {
        const struct check *check = &exercise->checks[i];
        struct attempt attempt = {.result.outcome = UNABLE};
        char text[2000] = "";
        if (!check->real || safe)
            attempt_run(check, &attempt);
        else
            snprintf(attempt.result.message, sizeof attempt.result.message, "%s",
                     text_of(TEXT("code that crashes or hangs is not run in a real service",
                                  "会崩溃或卡住的代码不会放进真实服务运行")));
        safe = safe && attempt.result.outcome != CRASHED && attempt.result.outcome != TOO_LONG;
        bool passed = attempt.result.outcome == PASSED;
        passed_count += passed && !check->bonus;
        if (!passed)
            describe_failure(exercise, check, options, &attempt, text, sizeof text);
        json_array_append_new(checks, check_json(check, passed, text));
    }
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", options->file);
    json_t *result = json_pack("{s:i,s:o,s:b,s:i,s:i,s:o}", "exercise", exercise->number, "file", json_text(file),
                               "passed", passed_count == total, "score", passed_count, "of", total, "checks", checks);
    json_dumpf(result, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(result);
    return passed_count == total ? 0 : 1;
}

/* --- The program ------------------------------------------------------------------------------ */

static bool read_options(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--json") == 0)
            options->json = true;
        else if (value && strcmp(argv[i], "--file") == 0)
            options->file = argv[++i];
        else if (value && strcmp(argv[i], "--lines") == 0)
            options->lines = argv[++i];
        else
            return false;
    }
    return options->file && options->lines;
}

int exercise_main(const struct exercise *exercise, int argc, char **argv)
{
    struct options options = {0};
    if (!read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: %s --file SHOWN --lines PATH [--json]\n", argv[0]);
        return 2;
    }
    return options.json ? run_for_teacher(exercise, &options) : run_for_learner(exercise, &options);
}
