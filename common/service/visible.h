/* visible: whether a text shows anything. A pure function.
 *
 * Unicode has many characters that leave no ink: spaces, zero-width characters, fillers,
 * direction marks, tags. A name that consists of them looks like no name at all.
 */
#ifndef SERVICE_VISIBLE_H
#define SERVICE_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>

/* `text` is valid UTF-8. A combining mark is visible, also without a letter before it. */
bool text_has_visible(const char *text, size_t len);
/* Whether the first and the last character are visible. False for an empty text. */
bool text_has_visible_ends(const char *text, size_t len);

#endif
