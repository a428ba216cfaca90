/* Prints the output of `make grade` as a few lines for the tests. Exits with 1 if it is not the documented JSON. */
#include <jansson.h>
#include <stdio.h>

static int show_check(json_t *check)
{
    const char *name, *message;
    int bonus, passed;
    if (json_unpack_ex(check, NULL, JSON_STRICT, "{s:s,s:b,s:b,s:s}", "check", &name, "bonus", &bonus, "passed", &passed,
                       "message", &message) != 0)
        return 1;
    if (!passed && !bonus)
        printf("failed: %s: %s\n", name, message);
    return 0;
}

int main(void)
{
    json_error_t where;
    json_t *grade = json_loadf(stdin, JSON_REJECT_DUPLICATES, &where);
    json_t *checks = json_object_get(grade, "checks");
    const char *file, *error = NULL;
    int exercise, passed, score, of, bad = 0;
    if (json_unpack(grade, "{s:i,s:s,s:b,s:i,s:i,s?s}", "exercise", &exercise, "file", &file, "passed", &passed,
                    "score", &score, "of", &of, "error", &error) != 0) {
        printf("no grade: %s\n", where.text);
        return 1;
    }
    printf("exercise %d, %s: %s, %d/%d\n", exercise, file, passed ? "passed" : "not passed", score, of);
    if (error)
        printf("error: %s\n", error);
    for (size_t i = 0; i < json_array_size(checks); i++)
        bad |= show_check(json_array_get(checks, i));
    bad |= passed != (score == of) || !error != (json_array_size(checks) >= (size_t)of);
    json_decref(grade);
    return bad;
}
