/* page_files: the files of the page, in the program itself, so that it needs no folder at run time. */
#ifndef PLAYGROUND_PAGE_FILES_H
#define PLAYGROUND_PAGE_FILES_H

#include <stddef.h>

struct page_file {
    const char *name; /* "index.html" */
    const char *bytes, *end;
};

/* Made by the Makefile from consul-dev/playground/page/. */
extern const struct page_file page_files[];
extern const size_t page_file_count;

/* NULL: there is no such file. */
const struct page_file *page_file_find(const char *name);
/* "text/css", by the end of the name. */
const char *page_file_type(const char *name);

#endif
