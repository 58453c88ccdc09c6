/* What a host sends in vain: it wakes a module that sleeps between commands, or is the rest of a
 * stream. */
#include <string.h>

#include "at/internal.h"
#include "at/stream.h"

enum { DROP_SILENCE_MS = 1000 };

void at_set_doze(struct at *at, const struct at_doze *doze)
{
    at->doze = doze ? *doze : (struct at_doze){0};
    at->dozes = doze;
    at->last_end = at->now;
}

static bool asleep(const struct at *at)
{
    at_time idle_since = at->last_byte > at->last_end ? at->last_byte : at->last_end;
    return at->dozes && at->state == AT_STATE_COMMAND && !at->in_line && !buf_len(&at->input) &&
           at->now - idle_since >= at->doze.after_ms;
}

/* Up to the end of the line that woke it. */
static size_t lose_line(struct at *at, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)bytes[i] == at->s3 || bytes[i] == '\n') {
            at->loses_line = false;
            at->cr_before = (unsigned char)bytes[i] == at->s3;
            return i + 1;
        }
    }
    return len;
}

void at_drop_until(struct at *at, char end)
{
    at->drops = true;
    at->drop_end = end;
}

static size_t dropped(struct at *at, const char *bytes, size_t len)
{
    if (at->now - at->last_byte >= DROP_SILENCE_MS) {
        at->drops = false;
        return 0;
    }
    const char *end = memchr(bytes, at->drop_end, len);
    at->drops = !end;
    at->last_byte = at->now;
    return end ? (size_t)(end - bytes) + 1 : len;
}

size_t at_doze_loses(struct at *at, const char *bytes, size_t len)
{
    if (at->drops && len) {
        return dropped(at, bytes, len);
    }
    if (at->loses_line) {
        return lose_line(at, bytes, len);
    }
    size_t old = len && at->cr_before && *bytes == '\n'; /* of a line that was before */
    if (len == old || !asleep(at)) {
        return 0;
    }
    at->loses_line = at->doze.loses_line;
    at->last_byte = at->now;
    if (at->doze.woken) {
        at->doze.woken(at->config.ctx);
    }
    return old + (at->loses_line ? lose_line(at, bytes + old, len - old) : 1);
}
