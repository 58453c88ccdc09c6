/* Command lines for logs: what may be a secret does not pass. */
#include <string.h>
#include <strings.h>

#include "at/internal.h"

static bool has_secret(const struct at_command *command)
{
    for (size_t i = 0; i < command->param_count; i++) {
        if (command->params[i].flags & AT_SECRET) {
            return true;
        }
    }
    for (size_t i = 0; i < command->tag_count; i++) {
        if (command->tags[i].flags & AT_SECRET) {
            return true;
        }
    }
    return false;
}

/* The row that a line's first command names, or NULL. */
static const struct at_command *named(const struct at *at, const char *line, size_t from, size_t to)
{
    size_t unused;
    if (from < to && line[from] != '+') {
        return at_lookup_basic(at, line + from, to - from, &unused);
    }
    size_t start = at_skip_blanks(line, to, from + 1);
    while (to > start && strchr(" \t=?", line[to - 1])) {
        to--;
    }
    return start < to ? at_lookup(at, line + start, to - start) : NULL;
}

/* Of commands with a secret parameter nothing behind the `=` passes; of a name that is not known
 * (it may be one of those, misspelt) nothing behind the first `=` or quote; of other text nothing.
 */
void at_mask(const struct at *at, const char *line, size_t len, struct buf *out)
{
    size_t start = at_skip_blanks(line, len, 0);
    if (len - start < 2 || strncasecmp(line + start, "AT", 2) != 0) {
        buf_printf(out, "(%zu bytes that are no command)", len);
        return;
    }
    size_t head = start;
    while (head < len && line[head] != '=' && line[head] != '"') {
        head++;
    }
    const struct at_command *command = named(at, line, start + 2, head);
    bool test = len == head + 2 && line[head] == '=' && line[head + 1] == '?';
    if (head == len || test || (command && !has_secret(command))) {
        buf_add(out, line, len);
    } else {
        buf_add(out, line, head);
        buf_add_text(out, "=***");
    }
}
