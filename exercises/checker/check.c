#include "check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attempt.h"
#include "explain.h"

struct options {
    const char *file, *source;
    bool json;
};

/* --- Where to edit -------------------------------------------------------------------------- */

static bool is_definition(const char *line, const char *function)
{
    size_t length = strlen(function);
    for (const char *at = line; (at = strstr(at, function)); at += length)
        if (at > line && (at[-1] == ' ' || at[-1] == '*') && at[length] == '(' && line[0] != ' ' && line[0] != '/')
            return !strchr(at, ';');
    return false;
}

/* The line in which a function begins; 0: it is not there. */
static int line_of(const char *source, const char *function)
{
    FILE *file = fopen(source, "r");
    char line[1000];
    int number = 0, found = 0;
    while (file && !found && fgets(line, sizeof line, file)) {
        number++;
        if (is_definition(line, function))
            found = number;
    }
    if (file)
        fclose(file);
    return found;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* --- What came of one check -------------------------------------------------------------------- */

/* All that the learner needs, in one line. */
static void tell(const struct exercise *exercise, const struct check *check, const struct options *options,
                 const struct attempt *attempt, char *out, size_t size)
{
    char what[1400];
    int line = 0;
    if (attempt->outcome == UNABLE) {
        snprintf(out, size, text_of(TEXT("cannot be checked here: %s", "本机无法检查：%s")), attempt->message);
        return;
    }
    if (attempt->outcome == FAILED) {
        snprintf(what, sizeof what, "%s", attempt->message);
    } else {
        explain(attempt, check->limit_s ? check->limit_s : CHECK_LIMIT_S, what, sizeof what);
        line = explain_line(attempt, options->file);
    }
    if (line == 0)
        line = line_of(options->source, check->function);
    snprintf(out, size, text_of(TEXT("%s. See %s. Edit %s:%d %s()", "%s。见 %s。请改 %s:%d %s()")), what,
             text_of(exercise->lesson), base_name(options->file), line, check->function);
}

static void show_lines(const char *printed)
{
    char *rest = NULL, text[sizeof((struct attempt *)0)->report];
    snprintf(text, sizeof text, "%s", printed);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        printf("    | %s\n", line);
}

static void show_printed(const struct attempt *attempt)
{
    const char *errors = attempt->outcome == FAILED ? attempt->report : "";
    if (!*attempt->printed && !*errors)
        return;
    printf("    %s\n", text_of(TEXT("your code printed:", "你的代码输出了：")));
    show_lines(attempt->printed);
    show_lines(errors);
}

/* --- For the learner: up to the first that fails ---------------------------------------------------- */

static void show(const struct check *check, int number, int total, bool passed, const char *text)
{
    static const char *const colours[] = {"\033[31m", "\033[33m", "\033[32m"};
    const char *colour = isatty(STDOUT_FILENO) ? colours[passed ? 2 : check->bonus ? 1 : 0] : "";
    const char *mark = passed ? "✓" : check->bonus ? "☆" : "✗";
    if (check->bonus)
        printf("%s%s%s %s%s\n", colour, mark, *colour ? "\033[0m" : "", text_of(TEXT("bonus: ", "加分：")), text);
    else
        printf("%s%s%s %d/%d %s\n", colour, mark, *colour ? "\033[0m" : "", number, total, text);
    fflush(stdout);
}

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
        bool passed = attempt.outcome == PASSED;
        if (passed)
            snprintf(text, sizeof text, "%s", text_of(check->asked));
        else
            tell(exercise, check, options, &attempt, text, sizeof text);
        show(check, number, total, passed, text);
        if (passed)
            continue;
        show_printed(&attempt);
        if (!check->bonus)
            return 1;
    }
    return 0;
}

/* --- For the teacher: all of them ----------------------------------------------------------------------- */

static int run_for_teacher(const struct exercise *exercise, const struct options *options)
{
    json_t *checks = json_array();
    int passed_count = 0, total = required_count(exercise);
    for (int i = 0; i < exercise->count; i++) {
        const struct check *check = &exercise->checks[i];
        struct attempt attempt;
        char text[2000] = "";
        attempt_run(check, &attempt);
        bool passed = attempt.outcome == PASSED;
        passed_count += passed && !check->bonus;
        if (!passed)
            tell(exercise, check, options, &attempt, text, sizeof text);
        json_array_append_new(checks, json_pack("{s:s,s:b,s:b,s:s}", "check", text_of(check->asked), "bonus",
                                                check->bonus, "passed", passed, "message", text));
    }
    json_t *result = json_pack("{s:i,s:s,s:b,s:i,s:i,s:o}", "exercise", exercise->number, "file", options->file,
                               "passed", passed_count == total, "score", passed_count, "of", total, "checks", checks);
    json_dumpf(result, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(result);
    return passed_count == total ? 0 : 1;
}

/* --- The program --------------------------------------------------------------------------------------------- */

static bool read_options(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--json") == 0)
            options->json = true;
        else if (value && strcmp(argv[i], "--file") == 0)
            options->file = argv[++i];
        else if (value && strcmp(argv[i], "--source") == 0)
            options->source = argv[++i];
        else
            return false;
    }
    return options->file && options->source;
}

int exercise_main(const struct exercise *exercise, int argc, char **argv)
{
    struct options options = {0};
    if (!read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: %s --file SHOWN --source PATH [--json]\n", argv[0]);
        return 2;
    }
    return options.json ? run_for_teacher(exercise, &options) : run_for_learner(exercise, &options);
}
