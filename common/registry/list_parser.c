#include "registry/list_parser.h"

#include <string.h>

#include "net/json.h"

enum {
    /* One entry is parsed without a pause, at about 25 ns a byte: this keeps it under 10 ms. Consul allows
     * 40 KB of metadata and 4 KB of output for each check. */
    ENTRY_MAX_BYTES = 256 * 1024,
    /* More entries with any content do not fit into the 32 MB that a list may have. This bounds the work on a
     * flood of tiny entries. */
    ENTRIES_MAX = 100 * 1000,
    ENVELOPE_MAX_BYTES = 64 * 1024, /* a few names and numbers, or an error */
};

/* --- Splitting the reply into entries --------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The number of bytes that belong to the entry: up to the comma or bracket after it; of a single entry up to its own
 * last bracket. Does not check that brackets match: jansson, which parses the entry, does. */
static size_t scan_entry(struct list_parser *parser, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];
        if (parser->after_backslash)
            parser->after_backslash = false;
        else if (c == '"')
            parser->in_string = !parser->in_string;
        else if (parser->in_string)
            parser->after_backslash = c == '\\';
        else if (c == '{' || c == '[')
            parser->depth++;
        else if (parser->depth == 0 && (c == ',' || c == ']'))
            return i;
        else if ((c == '}' || c == ']') && --parser->depth == 0 && parser->is_single)
            return i + 1;
    }
    return len;
}

/* False only if out of memory. */
static bool keep_bytes(struct list_parser *parser, const char *bytes, size_t len)
{
    parser->entry_len += len;
    if (parser->skim || parser->entry_len > ENTRY_MAX_BYTES)
        return true;
    return buf_add(&parser->entry, bytes, len);
}

/* --- The list ---------------------------------------------------------------------------------- */

static int fail_incomplete(struct err *err)
{
    return err_set(err, ERR_PROTOCOL, "the list is not a whole JSON array");
}

static int fail_out_of_memory(struct err *err)
{
    return err_set(err, ERR_FAILED, "out of memory");
}

static int add_entry(struct list_parser *parser, struct err *err)
{
    struct err why = ERR_INIT;
    struct instance_list *list = parser->list;
    json_t *entry = json_parse_new(buf_text(&parser->entry), parser->entry.len, &why);
    if (!entry && why.code == ERR_TOO_LARGE) { /* valid JSON, but with a number or text that we cannot hold */
        instance_list_drop(list, "", why.text);
        return 0;
    }
    if (!entry)
        return err_set(err, ERR_PROTOCOL, "the list is not JSON: %s", why.text);

    struct instance instance;
    const char *fault = parser->read_entry(entry, &instance);
    bool stored = true;
    if (fault)
        instance_list_drop(list, instance.id, fault);
    else
        stored = instance_list_add(list, &instance);
    json_decref(entry);
    return stored ? 0 : fail_out_of_memory(err);
}

static int end_entry(struct list_parser *parser, char end, struct err *err)
{
    int status = 0;
    if (end == ']') {
        parser->place = LIST_AFTER;
        parser->is_single = false;
        if (!buf_add(&parser->envelope, "]", 1))
            return fail_out_of_memory(err);
    }
    if (parser->entry_len == 0) /* no bytes: valid only in an empty list */
        return end == ']' && parser->entries == 0 ? 0 : fail_incomplete(err);
    if (++parser->entries > ENTRIES_MAX)
        return err_set(err, ERR_TOO_LARGE, "the list is too large: over %d entries", ENTRIES_MAX);

    if (parser->entry_len > ENTRY_MAX_BYTES)
        instance_list_drop(parser->list, "", "its entry is over 256 KiB");
    else if (!parser->skim)
        status = add_entry(parser, err);
    parser->entry_len = 0;
    buf_clear(&parser->entry);
    return status;
}

int list_parser_begin(struct list_parser *parser, const char *member, list_read_entry read_entry, struct err *err)
{
    *parser = (struct list_parser){.envelope = BUF_INIT(ENVELOPE_MAX_BYTES),
                                   .member = member,
                                   .read_entry = read_entry,
                                   .entry = BUF_INIT(ENTRY_MAX_BYTES)};
    parser->list = instance_list_new();
    return parser->list ? 0 : fail_out_of_memory(err);
}

/* --- Around the entries --------------------------------------------------------------------------- */

static bool is_member_name(const struct list_parser *parser)
{
    size_t len = strlen(parser->member);
    return parser->envelope.len - parser->text_at == len &&
           memcmp(buf_text(&parser->envelope) + parser->text_at, parser->member, len) == 0;
}

/* Looks for `"member": [`. Does not check that the rest is JSON: list_parser_end does. */
static void scan_before(struct list_parser *parser, char c)
{
    if (parser->after_backslash) {
        parser->after_backslash = false;
    } else if (c == '"') {
        parser->key = parser->in_string && parser->member && is_member_name(parser) ? KEY_NAMED : KEY_NONE;
        parser->in_string = !parser->in_string;
        parser->text_at = parser->envelope.len + 1;
    } else if (parser->in_string) {
        parser->after_backslash = c == '\\';
    } else if (c == '[' && (parser->key == KEY_OPENED || (!parser->member && parser->envelope.len == 0))) {
        parser->place = LIST_INSIDE;
    } else if (c == '{' && parser->key == KEY_OPENED && parser->may_be_single) {
        parser->place = LIST_INSIDE;
        parser->is_single = true;
    } else if (!is_space(c)) {
        parser->key = c == ':' && parser->key == KEY_NAMED ? KEY_OPENED : KEY_NONE;
    }
}

static int take_envelope(struct list_parser *parser, char c, struct err *err)
{
    if (parser->place == LIST_BEFORE)
        scan_before(parser, c);
    if (parser->is_single) { /* its first bracket; around it the envelope gets those of an array */
        parser->depth = 1;
        if (!keep_bytes(parser, &c, 1))
            return fail_out_of_memory(err);
        c = '[';
    }
    if (is_space(c) && !parser->in_string)
        return 0;
    if (buf_add(&parser->envelope, &c, 1))
        return 0;
    return parser->envelope.len >= ENVELOPE_MAX_BYTES ? fail_incomplete(err) : fail_out_of_memory(err);
}

/* --- Pieces ------------------------------------------------------------------------------------------ */

int list_parser_feed(struct list_parser *parser, const char *bytes, size_t len, struct err *err)
{
    const char *end = bytes + len;
    while (bytes < end) {
        if (parser->place != LIST_INSIDE) {
            if (take_envelope(parser, *bytes++, err) != 0)
                return -1;
        } else if (parser->entry_len == 0 && is_space(*bytes)) {
            bytes++;
        } else {
            size_t taken = scan_entry(parser, bytes, (size_t)(end - bytes));
            if (!keep_bytes(parser, bytes, taken))
                return fail_out_of_memory(err);
            bytes += taken;
            bool is_whole = parser->is_single ? parser->depth == 0 : bytes < end;
            if (is_whole && end_entry(parser, parser->is_single ? ']' : *bytes++, err) != 0)
                return -1;
        }
    }
    return 0;
}

/* With the entries cut out, the rest must be a whole value too. */
static int check_envelope(const struct list_parser *parser, struct err *err)
{
    struct err why = ERR_INIT;
    json_t *envelope = parser->place == LIST_AFTER
                           ? json_parse_new(buf_text(&parser->envelope), parser->envelope.len, &why)
                           : NULL;
    if (!envelope)
        return fail_incomplete(err);
    json_decref(envelope);
    return 0;
}

int list_parser_end(struct list_parser *parser, struct instance_list **list, struct err *err)
{
    *list = NULL;
    if (check_envelope(parser, err) != 0)
        return -1;
    if (parser->skim)
        return 0;
    if (parser->entries > 0 && parser->list->count == 0)
        return err_set(err, ERR_PROTOCOL, "no entry of the list can be used: %s", parser->list->dropped_why);
    instance_list_finish(parser->list);
    *list = parser->list;
    parser->list = NULL;
    return 0;
}

void list_parser_close(struct list_parser *parser)
{
    buf_close(&parser->envelope);
    buf_close(&parser->entry);
    instance_list_unref(parser->list);
    parser->list = NULL;
}
