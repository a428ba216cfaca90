/* make compare-registries: measures Consul, etcd, Nacos and Eureka in the same way, each with the same services, and
 * prints one table, and beside it what the lesson says of them.
 *
 *     compare                 all kinds that can run here
 *     compare consul,nacos    these
 *
 * Exit code 0 only if each of them was measured, 1 if not, 2 for a wrong kind, 77 if none of them can run here. */
#include <stdio.h>

#include "../pitfalls/report.h"
#include "harness/environment.h"
#include "harness/guard.h"
#include "measures.h"
#include "table.h"

enum { EXIT_SKIPPED = 77, CHECK_LIMIT_MS = 60000 };

static struct stage stage;
static struct result results[KINDS];

static int usage(const char *got)
{
    fprintf(stderr,
            SAY("KIND=%s: want some of consul, etcd, nacos, eureka, each once, separated by commas. For example: make "
                "compare-registries KIND=consul,etcd\n",
                "KIND=%s：应为 consul、etcd、nacos、eureka 中的若干个，每个一次，用逗号分隔。例如：make "
                "compare-registries KIND=consul,etcd\n"),
            got);
    return 2;
}

/* --- Which kinds can run here ------------------------------------------------------------------ */

static bool java_is_there(const struct folder *folder)
{
    char source[PLACE_PATH_MAX], program[PLACE_PATH_MAX + 64], log[PLACE_PATH_MAX + 16];
    struct err ignored = ERR_INIT;
    source_path(source);
    snprintf(program, sizeof program, "%s/consul-dev/get-java-server", source);
    snprintf(log, sizeof log, "%s/java", folder->path);
    return proc_run((const char *const[]){program, "--check", NULL}, NULL, log, CHECK_LIMIT_MS, &ignored) == 0;
}

/* Leaves out what cannot run here. Returns the number of the others. */
static int choose(const enum kind *kinds, int count, const struct folder *folder)
{
    int left = 0;
    for (int i = 0; i < count; i++) {
        const struct compared *kind = &compared[kinds[i]];
        bool can_run = !kind->java || java_is_there(folder);
        results[kinds[i]] = (struct result){.kind = kind, .wanted = can_run};
        left += can_run;
        if (!can_run)
            printf(SAY("%s is left out: it needs a JDK 17 or later and Maven (apt-get install -y default-jdk-headless "
                       "maven)\n",
                       "跳过 %s：需要 JDK 17 以上和 Maven（apt-get install -y default-jdk-headless maven）\n"),
                   kind->title);
    }
    return left;
}

/* --- Measuring ---------------------------------------------------------------------------------- */

static void announce(void)
{
    int minutes = 0;
    printf("%s", SAY("Measuring", "将要测量"));
    for (int kind = 0; kind < KINDS; kind++)
        if (results[kind].wanted) {
            printf(" %s", compared[kind].title);
            minutes += compared[kind].minutes;
        }
    printf(SAY(": this takes about %d minutes. All services have %s and %s.\n\n",
               "：约需 %d 分钟。所有服务都设置了 %s 和 %s。\n\n"),
           minutes, STAGE_CHECK_INTERVAL, STAGE_CACHE_TTL);
}

static int measure_all(struct result *result, struct err *err)
{
    static measure *const steps[] = {measure_idle, measure_changes, measure_crash, measure_outage};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i](&stage, result, err) != 0)
            return -1;
    return 0;
}

/* The error is reported, and the next kind gets its turn. */
static bool measure_kind(enum kind kind)
{
    struct err err = ERR_INIT;
    struct result *result = &results[kind];
    report_progress(SAY("%s: %d servers and the services start", "%s：启动 %d 个服务器和各个服务"),
                    compared[kind].title, compared[kind].servers);
    if (stage_begin(&stage, kind, &err) == 0)
        result->measured = measure_all(result, &err) == 0;
    stage_end(&stage);
    if (!result->measured)
        report_progress(SAY("✗ %s cannot be measured: %s", "✗ 无法测量 %s：%s"), compared[kind].title, err.text);
    return result->measured;
}

static int measure_wanted(void)
{
    int measured = 0, failed = 0;
    for (int kind = 0; kind < KINDS; kind++)
        if (results[kind].wanted) {
            bool ok = measure_kind((enum kind)kind);
            measured += ok;
            failed += !ok;
        }
    printf("\n");
    if (measured) {
        table_print(results);
        claims_print(results);
    }
    return failed ? 1 : 0;
}

static int run(const enum kind *kinds, int count)
{
    struct err err = ERR_INIT;
    int code = 1;
    if (stage_open(&stage, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (choose(kinds, count, &stage.world.folder) == 0) {
        code = EXIT_SKIPPED;
    } else {
        announce();
        code = measure_wanted();
    }
    stage_close(&stage);
    return code;
}

int main(int argc, char **argv)
{
    enum kind kinds[KINDS];
    struct err err = ERR_INIT;
    const char *wanted = argc > 1 && *argv[1] ? argv[1] : "consul,etcd,nacos,eureka";
    int count = argc > 2 ? -1 : registry_order_parse(wanted, kinds);
    if (count < 0)
        return usage(wanted);
    environment_open_files();
    environment_clear();
    report_start_clock();
    int code = 1;
    if (guard_start(&err) == 0) {
        code = run(kinds, count);
        guard_end();
    } else {
        fprintf(stderr, "%s\n", err.text);
    }
    return code;
}
