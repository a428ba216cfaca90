/* stack: the stack of a fiber, and the switch from one stack to another.
 *
 * A stack is 256 KiB of address space, which the kernel fills with memory page by page
 * as it is used. The page below it is protected, so an overflow crashes the program
 * instead of damaging the memory next to it. A stack is created with makecontext and
 * then reused. Switching uses _setjmp/_longjmp, about 10 ns; swapcontext would make two
 * system calls for the signal mask (220 ns).
 *
 * This is the only file that handles machine stacks, also for AddressSanitizer and
 * valgrind. QEMU's coroutine-ucontext.c is the well-known example of the technique.
 */
#ifndef LOOP_STACK_H
#define LOOP_STACK_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <ucontext.h>

/* jansson needs 168 KB of stack to parse at its depth limit (measured). We reject
 * nesting over 64 before parsing, and still have enough for that limit. */
#define STACK_BYTES ((size_t)256 * 1024)

struct stack {
    jmp_buf here;      /* where it continues */
    ucontext_t first;  /* where it starts */
    bool begun;
    char *mapping;     /* guard page, then the stack; NULL: the thread's own */
    const void *base;  /* lowest address and size, for the sanitizers */
    size_t size;
    void *fake_stack;  /* AddressSanitizer's shadow of it */
    unsigned valgrind_id;
    void (*entry)(void *arg);
    void *arg;
};

/* A new stack on which entry(arg) runs at the first stack_switch to it. entry
 * must never return; at its end it switches away. 0, or -1 out of memory. */
int stack_open(struct stack *stack, void (*entry)(void *arg), void *arg);
void stack_close(struct stack *stack);

/* Continues `to` where it last switched away. `from` is the stack that runs now; the
 * call returns when `from` is switched to again. */
void stack_switch(struct stack *from, struct stack *to);

#endif
