#include "user_input.h"

#include <stdbool.h>
#include <string.h>

#include "service/input.h"
#include "service/visible.h"

/* Only a mail that is sent to an address can prove that it exists. So this checks the form only.
 * A blank at one end would make a second address that looks like the first. */
static bool looks_like_email(const char *text)
{
    const char *at = strchr(text, '@');
    return at && text_has_visible(text, (size_t)(at - text)) && text_has_visible(at + 1, strlen(at + 1)) &&
           !strchr(at + 1, '@') && text_has_visible_ends(text, strlen(text));
}

int user_input_read(const json_t *object, struct user_input *input, struct err *err)
{
    int rejected = input_text(object, "name", 1, NAME_MAX_CHARACTERS, &input->name, err);
    if (rejected == 0)
        rejected = input_text(object, "email", EMAIL_MIN_CHARACTERS, EMAIL_MAX_CHARACTERS, &input->email, err);
    if (rejected != 0)
        return rejected;
    if (looks_like_email(input->email))
        return 0;
    err_set(err, ERR_INVALID, "email: want one '@' with text before and after it, and no blank at either end");
    return 422;
}
