/* A growing run of bytes that is filled at its end and taken from its front. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

/* All zero is an empty buffer. Read through buf_bytes() and buf_len() only. */
struct buf {
    char *memory;
    size_t start; /* offset of the first byte not yet taken */
    size_t end;   /* offset behind the last byte */
    size_t size;  /* of memory */
};

/* Gives the memory back; the buffer is empty and usable again. */
void buf_free(struct buf *buf);

/* Empties the buffer, keeps its memory. */
void buf_clear(struct buf *buf);

static inline size_t buf_len(const struct buf *buf)
{
    return buf->end - buf->start;
}

/* The bytes, valid until the next change. Never NULL. */
static inline const char *buf_bytes(const struct buf *buf)
{
    return buf->memory ? buf->memory + buf->start : "";
}

/* Makes room for extra bytes behind the end and returns where they go (for read(2));
 * buf_added() then tells how many came. */
char *buf_room(struct buf *buf, size_t extra);
void buf_added(struct buf *buf, size_t len);

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_byte(struct buf *buf, char byte);
void buf_add_text(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list args);

/* Takes len bytes (at most buf_len) from the front. Memory above 64 KiB is given back when the
 * buffer becomes empty. */
void buf_take(struct buf *buf, size_t len);

/* Cuts the end so that len bytes stay; a greater len changes nothing. */
void buf_cut(struct buf *buf, size_t len);

/* The bytes as a string: puts a NUL behind the end, which is not counted. */
const char *buf_text(struct buf *buf);

#endif
