/* check-client: grades a program in any language on real servers.
 *
 *     CMD="python3 my_client.py" check-client [1|2|3]
 *
 * 1: its /health, as in exercise 1; 2: its picks, as in exercise 2; 3: the registry fails, as in exercise 3;
 * without a number: 2 and 3. Exit code: 0 if it passed all checks, 1 if not, 2 for a wrong option.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checker/attempt.h"
#include "checker/explain.h"
#include "checker/show.h"
#include "checks.h"

enum { CHECKS_MAX = 32 };

static const struct check finds = {
    .title = {"finds user-service through CONSUL_HTTP_ADDR, and prints one line for each id",
              "通过 CONSUL_HTTP_ADDR 找到 user-service，每个 id 输出一行"},
    .run = finds_user_service,
    .real = true,
    .external = true,
    .gate = true,
    .limit_s = CHECK_REAL_LIMIT_S,
};

static int add(struct check *to, int count, const struct check *list)
{
    while (list->run)
        to[count++] = *list++;
    return count;
}

static int choose_checks(const char *number, struct check *checks)
{
    int count = 0;
    if (strcmp(number, "1") == 0)
        return add(checks, 0, health_checks);
    checks[count++] = finds;
    if (strcmp(number, "3") != 0)
        count = add(checks, count, balance_checks);
    return strcmp(number, "2") == 0 ? count : add(checks, count, registry_checks);
}

static void describe(const struct check *check, const struct attempt *attempt, char *out, size_t size)
{
    if (attempt->result.outcome == PASSED)
        snprintf(out, size, "%s", text_of(check->title));
    else if (attempt->result.outcome == FAILED)
        snprintf(out, size, "%s", attempt->result.message);
    else if (attempt->result.outcome == UNABLE)
        snprintf(out, size, text_of(TEXT("cannot be checked on this machine: %s", "本机无法检查：%s")),
                 attempt->result.message);
    else
        explain(attempt, check, out, size);
}

/* Runs all, because each failure is one thing to learn. Returns how many passed. */
static int run_checks(const struct check *checks, int count)
{
    int passed = 0;
    for (int i = 0; i < count; i++) {
        struct attempt attempt;
        char text[2000];
        attempt_run(&checks[i], &attempt);
        bool ok = attempt.result.outcome == PASSED;
        describe(&checks[i], &attempt, text, sizeof text);
        show_line(&checks[i], i + 1, count, ok, text);
        if (!ok)
            show_printed(&attempt);
        passed += ok;
        if (!ok && checks[i].gate)
            break;
    }
    return passed;
}

int main(int argc, char **argv)
{
    static struct check checks[CHECKS_MAX];
    const char *number = argc > 1 ? argv[1] : "", *command = getenv("CMD");
    if (argc > 2 || !command || !*command || (*number && (strlen(number) != 1 || !strchr("123", *number)))) {
        fprintf(stderr, "usage: CMD=\"program and arguments\" %s [1|2|3]\n", argv[0]);
        return 2;
    }
    int count = choose_checks(number, checks);
    printf(text_of(TEXT("%d checks of `%s` on real servers; each takes some seconds.\n",
                        "在真实服务器上检查 `%2$s`，共 %1$d 项，每项几秒。\n")),
           count, command);
    fflush(stdout);
    int passed = run_checks(checks, count);
    printf(text_of(TEXT("%d of %d checks passed.\n", "%d 项通过，共 %d 项。\n")), passed, count);
    if (passed < count)
        printf("%s\n",
               text_of(TEXT("See exercises/any-language/README.md.", "见 exercises/any-language/README.zh-CN.md。")));
    return passed == count ? 0 : 1;
}
