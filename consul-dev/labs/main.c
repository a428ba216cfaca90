/* make lab: lists the experiments; make lab N=3 runs one. Each checks one claim of the
 * lesson on real servers, and exits with 0 only if it saw what is known to happen.
 *
 *     lab         the list
 *     lab 3       runs one; exit code 77: a program that it needs is not installed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callee.h"
#include "harness/environment.h"
#include "labs.h"
#include "supervise.h"

static const struct lab *const groups[] = {registration_labs, check_labs,   filter_labs,    watch_labs,
                                           feature_labs,      cluster_labs, discovery_labs, recovery_labs,
                                           balancing_labs,    proxy_labs,   change_labs,
                                           release_labs,      dns_labs};

/* NULL: there is no lab with this number. */
static const struct lab *lab_at(int number)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        for (const struct lab *lab = groups[i]; lab->run; lab++)
            if (--number == 0)
                return lab;
    return NULL;
}

static int count_labs(void)
{
    int count = 0;
    while (lab_at(count + 1))
        count++;
    return count;
}

static int list(void)
{
    puts(text_of(TEXT("Experiments with the lesson's claims (the second column is the part of the lesson):",
                      "验证课程结论的实验（第二列是课程的章节）：")));
    for (int i = 1; lab_at(i); i++)
        report_entry(i, lab_at(i));
    puts(text_of(TEXT("Run one: make lab N=1", "运行其中一个：make lab N=1")));
    return 0;
}

static int run_lab(void *arg)
{
    static struct stage stage;
    const struct lab *lab = arg;
    lab->run(&stage);
    stage_close(&stage);
    return report_end(lab);
}

static int run(const char *word)
{
    char *end;
    long number = strtol(word, &end, 10);
    const struct lab *lab = *word && !*end && number > 0 && number < 1000 ? lab_at((int)number) : NULL;
    if (!lab) {
        fprintf(stderr,
                text_of(TEXT("N=%s: there is no such lab; want a number from 1 to %d. `make lab` lists them\n",
                             "N=%s：没有这个实验；请用 1 到 %d 之间的编号。`make lab` 列出所有实验\n")),
                word, count_labs());
        return 2;
    }
    report_begin((int)number, lab);
    return supervise(run_lab, (void *)(uintptr_t)lab);
}

int main(int argc, char **argv)
{
    environment_clear();
    if (argc > 1 && strcmp(argv[1], "callee") == 0)
        return callee_main();
    if (argc > 2) {
        fputs(text_of(TEXT("want one number: make lab N=1. `make lab` lists the labs\n",
                           "请只给一个编号：make lab N=1。`make lab` 列出所有实验\n")),
              stderr);
        return 2;
    }
    return argc > 1 ? run(argv[1]) : list();
}
