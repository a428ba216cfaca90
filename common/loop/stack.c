/* glibc's fortified longjmp aborts on a jump to another stack. */
#undef _FORTIFY_SOURCE
#include "loop/stack.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define STACK_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STACK_ASAN 1
#endif
#endif

#ifdef STACK_ASAN
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

/* --- Every switch is announced to AddressSanitizer ------------------------ */

static void announce_leave(struct stack *from, const struct stack *to)
{
#ifdef STACK_ASAN
    __sanitizer_start_switch_fiber(&from->fake_stack, to->base, to->size);
#else
    (void)from, (void)to;
#endif
}

/* Stores the bounds of `previous`, if it is the thread's own stack: there is no other way
 * to get them. */
static void announce_arrival(struct stack *now, struct stack *previous)
{
#ifdef STACK_ASAN
    const void *base;
    size_t size;
    __sanitizer_finish_switch_fiber(now->fake_stack, &base, &size);
    if (!previous->mapping) {
        previous->base = base;
        previous->size = size;
    }
#else
    (void)now, (void)previous;
#endif
}

/* --- Switching ------------------------------------------------------------ */

static struct stack *came_from, *going_to; /* of the last switch */

void stack_switch(struct stack *from, struct stack *to)
{
    came_from = from;
    going_to = to;
    announce_leave(from, to);
    if (_setjmp(from->here) == 0) {
        if (to->begun)
            _longjmp(to->here, 1);
        to->begun = true;
        setcontext(&to->first);
    }
    announce_arrival(from, came_from);
}

static void begin(void)
{
    struct stack *self = going_to;
    announce_arrival(self, came_from);
    self->entry(self->arg);
    abort(); /* entry must not return */
}

/* --- Memory --------------------------------------------------------------- */

int stack_open(struct stack *stack, void (*entry)(void *arg), void *arg)
{
    size_t guard = (size_t)sysconf(_SC_PAGESIZE);
    char *mapping = mmap(NULL, guard + STACK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED)
        return -1;
    char *base = mapping + guard;
    if (mprotect(base, STACK_BYTES, PROT_READ | PROT_WRITE) != 0) {
        munmap(mapping, guard + STACK_BYTES);
        return -1;
    }

    *stack = (struct stack){.mapping = mapping, .base = base, .size = STACK_BYTES, .entry = entry, .arg = arg};
    stack->valgrind_id = VALGRIND_STACK_REGISTER(base, base + STACK_BYTES);
#ifdef STACK_ASAN
    __lsan_register_root_region(base, STACK_BYTES);
#endif
    getcontext(&stack->first);
    stack->first.uc_stack.ss_sp = base;
    stack->first.uc_stack.ss_size = STACK_BYTES;
    stack->first.uc_link = NULL;
    makecontext(&stack->first, begin, 0);
    return 0;
}

void stack_close(struct stack *stack)
{
    size_t guard = (size_t)((const char *)stack->base - stack->mapping);
#ifdef STACK_ASAN
    __lsan_unregister_root_region(stack->base, stack->size);
#endif
    VALGRIND_STACK_DEREGISTER(stack->valgrind_id);
    munmap(stack->mapping, guard + stack->size);
}
