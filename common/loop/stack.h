/* stack: memory for a fiber to stand on, and the jump from one to another.
 *
 * A stack is 256 KiB of address space, filled in by the kernel page by page as
 * it is used, with a page below it that nobody may touch: an overflow is a
 * clean crash instead of a corrupt neighbour. Stacks are made once with
 * makecontext and then reused: switching is _setjmp/_longjmp, about 10 ns,
 * where swapcontext makes two system calls for the signal mask (220 ns).
 *
 * This is the only file that knows about machine stacks, AddressSanitizer's
 * and valgrind's interest in them included. QEMU's coroutine-ucontext.c is the
 * well-known example of the technique.
 */
#ifndef LOOP_STACK_H
#define LOOP_STACK_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <ucontext.h>

/* jansson needs 168 KB of stack to parse at its depth limit (measured); we
 * reject nesting over 64 before parsing, and still leave room. */
#define STACK_BYTES ((size_t)256 * 1024)

struct stack {
    jmp_buf here;      /* where it continues */
    ucontext_t first;  /* where it begins */
    bool begun;
    char *mapping;     /* guard page, then the stack; NULL: the thread's own */
    const void *base;  /* lowest address and size, for the sanitizers */
    size_t size;
    void *fake_stack;  /* AddressSanitizer's own shadow of it */
    unsigned valgrind_id;
    void (*entry)(void *arg);
    void *arg;
};

/* A new stack on which entry(arg) runs at the first stack_switch to it. entry
 * must never return: it switches away for good. 0, or -1 out of memory. */
int stack_open(struct stack *stack, void (*entry)(void *arg), void *arg);
void stack_close(struct stack *stack);

/* Continues `to` where it last switched away; returns when somebody switches
 * back to `from`, which is the stack that runs now. */
void stack_switch(struct stack *from, struct stack *to);

#endif
