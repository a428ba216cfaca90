/* report: what a pitfall prints, in the reader's language: what is compared, progress while it runs, a table, and at
 * the end one sentence.
 *
 *     report_begin(title, lesson, project);
 *     report_progress("%s", SAY("everything works", "一切正常"));
 *     report_row("", SAY("calls", "调用"), SAY("failed", "失败"));
 *     report_expect(failed > 0, SAY("calls fail", "有调用失败"));
 *     return report_end(SAY("%d of %d calls failed", "%d / %d 次调用失败"), failed, calls);
 */
#ifndef PITFALLS_REPORT_H
#define PITFALLS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checker/text.h"

#define SAY(en, zh) text_of(TEXT(en, zh))

/* Prints the title and what runs on both sides, and starts the clock of the progress lines. */
void report_begin(int number, const char *title, const char *lesson, const char *project);
/* Starts only the clock. */
void report_start_clock(void);
/* One line with the seconds since the begin. */
void report_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A line of the table: its cells; the first one is wide. With PITFALL_TABS in the environment a tab separates them. */
#define report_row(...) report_cells((const char *const[]){__VA_ARGS__, NULL})
void report_cells(const char *const *cells);
/* "12", "3.4": a cell. Valid for the next nine calls. */
const char *cell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Remembers what was expected and not seen. Returns `seen`. */
bool report_expect(bool seen, const char *what);
/* The last line: the sentence, if all was seen. Else what was expected and not seen, and another sentence. Returns the
 * exit code: 0 or 1. */
int report_end(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void sleep_ms(int64_t ms);

#endif
