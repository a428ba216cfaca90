#include "service/visible.h"

#include <stdint.h>

/* Inclusive, in ascending order. Unicode 15.1: the properties White_Space and
 * Default_Ignorable_Code_Point, control characters, and the few blank characters that
 * have neither property. */
static const struct {
    uint32_t first, last;
} invisible[] = {
    {0x0000, 0x0020},   {0x007f, 0x00a0},                     /* control characters, spaces */
    {0x00ad, 0x00ad},   {0x034f, 0x034f},   {0x061c, 0x061c}, /* soft hyphen, joiner, direction mark */
    {0x115f, 0x1160},   {0x1680, 0x1680},                     /* Hangul fillers, Ogham space */
    {0x17b4, 0x17b5},   {0x180b, 0x180f},                     /* Khmer vowels without a sign, Mongolian selectors */
    {0x2000, 0x200f},   {0x2028, 0x202f},   {0x205f, 0x206f}, /* spaces, zero width, directions */
    {0x2800, 0x2800},   {0x3000, 0x3000},   {0x3164, 0x3164}, /* Braille blank, wide space, Hangul filler */
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0}, /* variation selectors, byte order mark, filler */
    {0xfff0, 0xfffb},   {0x13430, 0x1343f}, {0x16fe4, 0x16fe4}, /* annotations, format controls, Khitan filler */
    {0x1bca0, 0x1bca3}, {0x1d159, 0x1d159}, {0x1d173, 0x1d17a}, /* format controls of shorthand and music */
    {0xe0000, 0xe0fff},                                       /* tags, more variation selectors */
};

static bool is_visible(uint32_t character)
{
    for (size_t i = 0; i < sizeof invisible / sizeof *invisible && invisible[i].first <= character; i++)
        if (character <= invisible[i].last)
            return false;
    return true;
}

/* The character at *p, which becomes the place after it. */
static uint32_t next_character(const unsigned char **p)
{
    const unsigned char first = *(*p)++;
    uint32_t character = first;
    if (first >= 0x80)
        character = first < 0xe0 ? first & 0x1f : first < 0xf0 ? first & 0x0f : first & 0x07;
    while ((**p & 0xc0) == 0x80)
        character = character << 6 | (*(*p)++ & 0x3f);
    return character;
}

bool text_has_visible(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + len;
    while (p < end)
        if (is_visible(next_character(&p)))
            return true;
    return false;
}

bool text_has_visible_ends(const char *text, size_t len)
{
    const unsigned char *first = (const unsigned char *)text, *last = first + len;
    if (len == 0)
        return false;
    while ((*--last & 0xc0) == 0x80) {
    }
    return is_visible(next_character(&first)) && is_visible(next_character(&last));
}
