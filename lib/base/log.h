/* Logs: one object per modem, `atmodemd: NAME: text` on the daemon's sink. Secrets never come here:
 * whoever logs masks at the source. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

/* Each level includes those above it. The last five are what AT commands such as ILOGLVL add for
 * one modem, one after the other. */
enum log_level {
    LEVEL_ERROR,
    LEVEL_WARNING,
    LEVEL_INFO,
    LEVEL_STATE,   /* connections and their stages */
    LEVEL_REQUEST, /* each request and its outcome */
    LEVEL_LINE,    /* AT lines of both directions, secrets masked */
    LEVEL_LIBRARY, /* what the libraries say of themselves */
    LEVEL_BYTES,   /* sizes of data phases and of what passes the port */
    LEVEL_COUNT
};

struct log;

/* Where lines go. write() gets a line without prefix and newline. */
struct log_sink {
    void (*write)(void *ctx, enum log_level level, const char *name, const char *text);
    void *ctx;
};

/* A sink on stderr: `atmodemd: NAME: text`, with systemd's `<N>` priorities in front when
 * $JOURNAL_STREAM names the file that stderr is (systemd.exec(5), sd-daemon(3)). */
struct log_sink log_stderr(void);

/* name may be NULL (the daemon itself) and is copied. */
struct log *log_create(const char *name, enum log_level level, struct log_sink sink);
void log_destroy(struct log *log);

/* Changes what this log lets through. */
void log_set_level(struct log *log, enum log_level level);

/* Detail that one modem adds: 0 none; 1..5 everything down to LEVEL_STATE ... LEVEL_BYTES at least.
 */
void log_set_detail(struct log *log, int detail);

/* The words of --log-level settings: "error", "warning", ... */
const char *log_level_name(enum log_level level);

/* False lets a caller skip the work of making text that nobody reads. */
bool log_wants(const struct log *log, enum log_level level);

/* Control characters and bytes above 0x7e leave as \xNN: a log line is one line. log may be NULL.
 */
void log_write(struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(log, ...)   log_write(log, LEVEL_ERROR, __VA_ARGS__)
#define log_warning(log, ...) log_write(log, LEVEL_WARNING, __VA_ARGS__)
#define log_info(log, ...)    log_write(log, LEVEL_INFO, __VA_ARGS__)

#endif
