#include "discovery/snapshot_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/hash.h"

#define HEAD "instances v1 "
#define TAIL "checksum "

enum {
    TAIL_BYTES = sizeof TAIL - 1 + 16 + 1,
    FIELDS = 11,
    FIELDS_OLD = 9, /* of a file that a former release wrote: without the node and the tags */
};

/* --- Write ------------------------------------------------------------------------------ */

/* Escapes control characters: a tab in a zone's name would otherwise end the field. */
static bool add_escaped(struct buf *out, const char *text)
{
    bool fits = true;
    for (const char *p = text; fits && *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == '%' || *p == 0x7f)
            fits = buf_addf(out, "%%%02x", (unsigned char)*p);
        else
            fits = buf_add(out, p, 1);
    }
    return fits;
}

static bool add_text(struct buf *out, const char *text)
{
    return add_escaped(out, text) && buf_adds(out, "\t");
}

static bool add_instance(struct buf *out, const struct instance *instance)
{
    const char *flags = instance->maintenance ? "maintenance" : instance->node_down ? "node_down" : "-";
    return add_text(out, instance->id) && add_text(out, instance->address) &&
           buf_addf(out, "%d\t", instance->port) && add_text(out, instance->zone) &&
           add_text(out, instance->version) &&
           buf_addf(out, "%d\t%d\t%s\t%s\t", instance->weight, instance->warning_weight,
                    instance_status_name(instance->status), flags) &&
           add_text(out, instance->node) && add_escaped(out, instance->tags) && buf_adds(out, "\n");
}

int snapshot_write(struct buf *out, const struct instance_list *list, int64_t confirmed_wall_ms)
{
    bool fits = buf_addf(out, HEAD "%" PRId64 "\n", confirmed_wall_ms);
    for (size_t i = 0; fits && i < list->count; i++)
        fits = add_instance(out, &list->at[i]);
    return fits && buf_addf(out, TAIL "%016" PRIx64 "\n", hash_bytes(buf_text(out), out->len)) ? 0 : -1;
}

/* --- Read --------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static int unescape(char *text)
{
    char *out = text;
    for (; *text; text++, out++) {
        *out = *text;
        if (*text != '%')
            continue;
        int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);
        if (low < 0 || high * 16 + low == 0)
            return -1;
        *out = (char)(high * 16 + low);
        text += 2;
    }
    *out = '\0';
    return 0;
}

/* A field that the line does not have is "". */
static int split(char *line, char *fields[FIELDS])
{
    static char none[] = "";
    for (int i = 0; i < FIELDS; i++) {
        if (!line && i < FIELDS_OLD)
            return -1;
        fields[i] = line ? line : none;
        line = line ? strchr(line, '\t') : NULL;
        if (line)
            *line++ = '\0';
        if (unescape(fields[i]) != 0)
            return -1;
    }
    return line ? -1 : 0;
}

static int read_number(const char *text, int64_t max, int *number)
{
    int64_t value;
    if (env_parse_int(text, &value) != 0 || value < 0 || value > max)
        return -1;
    *number = (int)value;
    return 0;
}

static int read_status(const char *text, enum instance_status *status)
{
    for (int i = INSTANCE_PASSING; i <= INSTANCE_CRITICAL; i++) {
        *status = (enum instance_status)i;
        if (strcmp(text, instance_status_name(*status)) == 0)
            return 0;
    }
    return -1;
}

static int read_instance(struct instance_list *list, char *line)
{
    char *fields[FIELDS];
    int port;
    struct instance instance = {.id = NULL};
    if (split(line, fields) != 0 || read_number(fields[2], UINT16_MAX, &port) != 0 ||
        read_number(fields[5], UINT16_MAX, &instance.weight) != 0 ||
        read_number(fields[6], UINT16_MAX, &instance.warning_weight) != 0 ||
        read_status(fields[7], &instance.status) != 0)
        return -1;
    instance.id = fields[0];
    instance.address = fields[1];
    instance.port = (uint16_t)port;
    instance.zone = fields[3];
    instance.version = fields[4];
    instance.maintenance = strcmp(fields[8], "maintenance") == 0;
    instance.node_down = strcmp(fields[8], "node_down") == 0;
    instance.node = fields[9];
    instance.tags = fields[10];
    return instance_list_add(list, &instance) ? 0 : -1;
}

static bool is_whole(const char *text, size_t len)
{
    char tail[TAIL_BYTES + 1];
    if (len < TAIL_BYTES || memchr(text, '\0', len))
        return false;
    snprintf(tail, sizeof tail, TAIL "%016" PRIx64 "\n", hash_bytes(text, len - TAIL_BYTES));
    return memcmp(text + len - TAIL_BYTES, tail, TAIL_BYTES) == 0;
}

static char *cut_line(char **rest)
{
    char *line = *rest, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    *rest = end + 1;
    return line;
}

int snapshot_read(char *text, size_t len, struct instance_list **list, int64_t *confirmed_wall_ms, struct err *err)
{
    *list = NULL;
    if (!is_whole(text, len))
        return err_set(err, ERR_INVALID, "damaged: the checksum does not match");
    text[len - TAIL_BYTES] = '\0';
    char *head = cut_line(&text);
    if (!head || strncmp(head, HEAD, strlen(HEAD)) != 0 || env_parse_int(head + strlen(HEAD), confirmed_wall_ms) != 0)
        return err_set(err, ERR_INVALID, "not a snapshot of instances, version 1");

    struct instance_list *read = instance_list_new();
    char *line;
    int status = read ? 0 : -1;
    while (status == 0 && (line = cut_line(&text)))
        status = read_instance(read, line);
    if (status != 0) {
        instance_list_unref(read);
        return err_set(err, ERR_INVALID, "an entry is not valid");
    }
    instance_list_finish(read);
    *list = read;
    return 0;
}
