#include "dialect/uc8088/value.h"

#include <string.h>

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The byte that a backslash and c stand for, or 0. */
static char special(char c)
{
    return c == 'n' ? '\n' : c == 'r' ? '\r' : c == '"' || c == '\\' ? c : '\0';
}

/* False: it is not one text between quotes, and nothing is added. The line end closes a quote. */
static bool quoted(struct buf *out, const char *text, size_t len)
{
    size_t before = buf_len(out);
    size_t i = 1;
    if (!len || text[0] != '"') {
        return false;
    }
    while (i < len && text[i] != '"') {
        char c = text[i] == '\\' && i + 1 < len ? special(text[i + 1]) : '\0';
        buf_add_byte(out, c ? c : text[i]);
        i += c ? 2 : 1;
    }
    size_t behind = i + (i < len);
    while (behind < len && blank(text[behind])) {
        behind++;
    }
    if (behind < len) {
        buf_cut(out, before);
        return false;
    }
    return true;
}

static void bare(struct buf *out, enum uc_value_kind kind, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        char next = i + 1 < len && text[i] == '\\' ? text[i + 1] : '\0';
        char c = kind == UC_VALUE_TEXT && next != '\\' ? special(next) : '\0';
        if (c) {
            buf_add_byte(out, c);
        } else { /* of two backslashes neither is an escape */
            buf_add(out, text + i, next == '\\' ? 2 : 1);
        }
        i += c || next == '\\' ? 2 : 1;
    }
}

void uc_value(struct buf *out, enum uc_value_kind kind, const char *text, size_t len)
{
    size_t lead = len && blank(text[0]);
    while (kind == UC_VALUE_NAME && lead < len && blank(text[lead])) {
        lead++;
    }
    while (kind == UC_VALUE_NAME && len > lead && blank(text[len - 1])) {
        len--;
    }
    if (!quoted(out, text + lead, len - lead)) {
        bare(out, kind, text + lead, len - lead);
    }
}

bool uc_measured_value(struct buf *out, enum uc_value_kind kind, const char *text, size_t len,
                       size_t stated)
{
    size_t before = buf_len(out);
    size_t lead = len && blank(text[0]);
    bare(out, kind, text + lead, len - lead);
    if (buf_len(out) - before == stated) {
        return true;
    }
    buf_cut(out, before);
    bare(out, kind, text, len);
    if (buf_len(out) - before == stated) {
        return true;
    }
    buf_cut(out, before);
    quoted(out, text + lead, len - lead);
    if (buf_len(out) - before == stated) {
        return true;
    }
    buf_cut(out, before);
    return false;
}
