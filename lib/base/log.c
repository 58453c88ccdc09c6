#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

struct log {
    char *name;
    enum log_level level;
    int detail;
    struct log_sink sink;
};

static const char *const level_names[LEVEL_COUNT] = {
    [LEVEL_ERROR] = "error",     [LEVEL_WARNING] = "warning", [LEVEL_INFO] = "info",
    [LEVEL_STATE] = "state",     [LEVEL_REQUEST] = "request", [LEVEL_LINE] = "line",
    [LEVEL_LIBRARY] = "library", [LEVEL_BYTES] = "bytes",
};

/* sd-daemon(3): 3 error, 4 warning, 6 informational, 7 debug. */
static const char journal_priority[LEVEL_COUNT] = {'3', '4', '6', '7', '7', '7', '7', '7'};

static void write_line(const char *priority, const char *name, const char *text)
{
    fprintf(stderr, "%satmodemd: %s%s%s\n", priority, name ? name : "", name ? ": " : "", text);
}

static void write_plain(void *ctx, enum log_level level, const char *name, const char *text)
{
    (void)ctx;
    (void)level;
    write_line("", name, text);
}

static void write_journal(void *ctx, enum log_level level, const char *name, const char *text)
{
    (void)ctx;
    char priority[] = "<0>";
    priority[1] = journal_priority[level];
    write_line(priority, name, text);
}

static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device = 0;
    uintmax_t inode = 0;
    struct stat status;
    return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

struct log_sink log_stderr(void)
{
    return (struct log_sink){.write = stderr_is_journal() ? write_journal : write_plain};
}

struct log *log_create(const char *name, enum log_level level, struct log_sink sink)
{
    struct log *log = mem_zeroed(sizeof *log);
    log->name = mem_string(name);
    log->level = level;
    log->sink = sink;
    return log;
}

void log_destroy(struct log *log)
{
    if (log) {
        free(log->name);
        free(log);
    }
}

void log_set_level(struct log *log, enum log_level level)
{
    log->level = level;
}

void log_set_detail(struct log *log, int detail)
{
    log->detail = detail;
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_wants(const struct log *log, enum log_level level)
{
    return log && ((int)level <= (int)log->level ||
                   (log->detail > 0 && (int)level <= LEVEL_INFO + log->detail));
}

void log_write(struct log *log, enum log_level level, const char *format, ...)
{
    if (!log_wants(log, level)) {
        return;
    }
    struct buf raw = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&raw, format, args);
    va_end(args);

    struct buf line = {0};
    const char *bytes = buf_bytes(&raw);
    for (size_t i = 0; i < buf_len(&raw); i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < 0x20 || byte > 0x7e) {
            buf_printf(&line, "\\x%02x", byte);
        } else {
            buf_add_byte(&line, (char)byte);
        }
    }
    log->sink.write(log->sink.ctx, level, log->name, buf_text(&line));
    buf_free(&line);
    buf_free(&raw);
}
