/* Names to rows. */
#include <strings.h>

#include "at/internal.h"

static bool same(const char *name, size_t name_len, const char *text, size_t len)
{
    return name_len == len && strncasecmp(name, text, len) == 0;
}

/* Whether one of the blank-separated names is text. Extended names are written with their `+`, and
 * looked for without. */
static bool among(const char *names, const char *text, size_t len)
{
    while (names && *names) {
        names += *names == '+';
        size_t name_len = 0;
        while (names[name_len] && names[name_len] != ' ') {
            name_len++;
        }
        if (same(names, name_len, text, len)) {
            return true;
        }
        names += name_len + (names[name_len] == ' ');
    }
    return false;
}

static bool exists(const struct at *at, const struct at_command *row)
{
    return !row->gate ||
           (at->config.enabled && at->config.enabled(at->config.hooks_ctx, row->gate));
}

static const struct at_table *table(const struct at *at, size_t index)
{
    if (index < at->config.table_count) {
        return at->config.tables[index];
    }
    return index == at->config.table_count ? &at_v250_table : NULL;
}

const struct at_command *at_lookup(const struct at *at, const char *name, size_t len)
{
    const struct at_table *rows;
    for (size_t t = 0; (rows = table(at, t)); t++) {
        for (size_t i = 0; i < rows->count; i++) {
            const struct at_command *row = &rows->rows[i];
            if (!(row->flags & AT_BASIC) &&
                (among(row->name, name, len) || among(row->aliases, name, len)) &&
                exists(at, row)) {
                return row;
            }
        }
    }
    return NULL;
}

const struct at_command *at_lookup_basic(const struct at *at, const char *text, size_t len,
                                         size_t *name_len)
{
    *name_len = len && text[0] == '&' ? 2 : 1;
    if (*name_len > len) {
        return NULL;
    }
    const struct at_table *rows;
    for (size_t t = 0; (rows = table(at, t)); t++) {
        for (size_t i = 0; i < rows->count; i++) {
            const struct at_command *row = &rows->rows[i];
            if ((row->flags & AT_BASIC) && among(row->name, text, *name_len) && exists(at, row)) {
                return row;
            }
        }
    }
    return NULL;
}
