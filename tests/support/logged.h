/* A log whose lines a test reads. */
#ifndef TESTS_SUPPORT_LOGGED_H
#define TESTS_SUPPORT_LOGGED_H

#include "base/buf.h"
#include "base/log.h"

static inline void logged_write(void *ctx, enum log_level level, const char *name, const char *text)
{
    (void)name;
    buf_printf(ctx, "%s: %s\n", log_level_name(level), text);
}

/* Lines "LEVEL: TEXT\n" go into lines, which outlives the log. */
static inline struct log *logged_create(struct buf *lines)
{
    return log_create(NULL, LEVEL_INFO, (struct log_sink){logged_write, lines});
}

#endif
