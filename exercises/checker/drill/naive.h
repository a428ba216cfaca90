/* naive: the lesson's order_service.py under load. Each call runs the program of
 * exercises/0-lesson/order_service.c, which queries Consul first.
 */
#ifndef DRILL_NAIVE_H
#define DRILL_NAIVE_H

#include "harness/load.h"

struct naive;

/* The same as load_start, load_take and load_stop. */
struct naive *naive_start(const char *program, const char *consul_url, int threads, int per_second);
void naive_take(struct naive *naive, struct load_count *count);
void naive_stop(struct naive *naive);

#endif
