#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Above this an empty buffer gives its memory back: a burst must not be held for ever. */
enum { KEEP_WHEN_EMPTY = 64 * 1024 };

void buf_free(struct buf *buf)
{
    free(buf->memory);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf)
{
    buf->start = buf->end = 0;
    if (buf->size > KEEP_WHEN_EMPTY) {
        buf_free(buf);
    }
}

char *buf_room(struct buf *buf, size_t extra)
{
    if (extra > buf->size - buf->end && buf->start) {
        memmove(buf->memory, buf->memory + buf->start, buf_len(buf));
        buf->end -= buf->start;
        buf->start = 0;
    }
    if (extra > buf->size - buf->end) {
        size_t size = buf->size ? buf->size : 64;
        while (size - buf->end < extra) {
            size *= 2;
        }
        buf->memory = mem_resize(buf->memory, size);
        buf->size = size;
    }
    return buf->memory + buf->end;
}

void buf_added(struct buf *buf, size_t len)
{
    buf->end += len;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (len) {
        memcpy(buf_room(buf, len), bytes, len);
        buf->end += len;
    }
}

void buf_add_byte(struct buf *buf, char byte)
{
    *buf_room(buf, 1) = byte;
    buf->end++;
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
    enum { FIRST = 64 }; /* most texts fit, and are formatted only once */
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(buf_room(buf, FIRST), FIRST, format, args);
    if (len >= FIRST) {
        size_t size = (size_t)len + 1;
        vsnprintf(buf_room(buf, size), size, format, again);
    }
    buf->end += len > 0 ? (size_t)len : 0;
    va_end(again);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(buf, format, args);
    va_end(args);
}

void buf_take(struct buf *buf, size_t len)
{
    if (len >= buf_len(buf)) {
        buf_clear(buf);
    } else {
        buf->start += len;
    }
}

void buf_cut(struct buf *buf, size_t len)
{
    if (len < buf_len(buf)) {
        buf->end = buf->start + len;
    }
}

const char *buf_text(struct buf *buf)
{
    *buf_room(buf, 1) = '\0';
    return buf_bytes(buf);
}
