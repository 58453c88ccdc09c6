/* Texts that are kept and shown. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/risinghf/instance.h"

void rh_put_value(struct buf *out, const char *text, size_t len)
{
    bool quotes = memchr(text, ',', len);
    buf_add_text(out, quotes ? "\"" : "");
    buf_add(out, text, len);
    buf_add_text(out, quotes ? "\"" : "");
}

void rh_forget(char **text)
{
    free(*text);
    *text = NULL;
}

void rh_forget_secret(char **text)
{
    if (*text) {
        mem_wipe(*text, strlen(*text));
    }
    rh_forget(text);
}

void rh_keep(char **text, const char *bytes, size_t len)
{
    char *copy = mem_copy(bytes, len);
    rh_forget_secret(text);
    *text = copy;
}

void rh_last_set(struct rh_last *last, const char *topic, int number, const char *bytes, size_t len)
{
    rh_keep(&last->topic, topic, strlen(topic));
    last->number = number;
    buf_clear(&last->message);
    buf_add(&last->message, bytes, len);
}

void rh_last_free(struct rh_last *last)
{
    rh_forget(&last->topic);
    buf_free(&last->message);
}

enum { NO_DIGIT = 16 };

static unsigned digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = memchr(digits, tolower((unsigned char)c), NO_DIGIT);
    return at ? (unsigned)(at - digits) : NO_DIGIT;
}

bool rh_is_hex(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (digit(text[i]) == NO_DIGIT) {
            return false;
        }
    }
    return len > 0 && len % 2 == 0;
}

void rh_from_hex(struct buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        buf_add_byte(out, (char)(digit(text[i]) << 4 | digit(text[i + 1])));
    }
}

void rh_info(const struct at_call *call, struct buf *line, bool secret)
{
    at_info_bytes(call->at, call->ticket, buf_bytes(line), buf_len(line), secret);
    mem_wipe(line->memory, secret ? line->size : 0);
    buf_free(line);
}
