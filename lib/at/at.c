/* The interpreter's life and its pump: bytes and time in, states stepped, bytes out. */
#include "at/at.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "at/internal.h"
#include "base/mem.h"

bool at_echo(const struct at *at)
{
    return at->echo;
}

void at_set_echo(struct at *at, bool on)
{
    at->echo = on;
}

void at_reset(struct at *at)
{
    at->echo = at->config.echo;
    at->verbose = true;
    at->quiet = false;
    at->s3 = '\r';
    at->s4 = '\n';
    at->s5 = '\b';
    memset(at->registers, 0, sizeof at->registers);
    at->cmee = at->grammar->cmee;
}

struct at *at_create(const struct at_config *config)
{
    struct at *at = mem_zeroed(sizeof *at);
    at->config = *config;
    at->grammar = config->grammar;
    at->urcs.last = &at->urcs.first;
    at_reset(at);
    return at;
}

void at_set_context(struct at *at, void *ctx)
{
    at->config.ctx = ctx;
}

void at_destroy(struct at *at)
{
    if (!at) {
        return;
    }
    at_clear_urcs(at);
    buf_free(&at->input);
    buf_free(&at->line);
    buf_free(&at->last);
    buf_free(&at->console);
    buf_free(&at->console_line);
    buf_free(&at->after);
    buf_free(&at->data);
    buf_free(&at->output);
    at_stream_free(at);
    free(at->strings);
    free(at);
}

void at_wake(const struct at *at)
{
    if (at->config.wake) {
        at->config.wake(at->config.hooks_ctx);
    }
}

bool at_blocked(const struct at *at)
{
    return buf_len(&at->output) >= AT_OUTPUT_MAX;
}

/* ---- lines ---- */

static void echo(struct at *at, const char *bytes, size_t len)
{
    if (at->echo && !at->from_gone) {
        at_put(at, bytes, len);
    }
}

static bool is_repeat(const struct buf *line)
{
    const char *text = buf_bytes(line);
    return buf_len(line) == 2 && (text[0] == 'A' || text[0] == 'a') && text[1] == '/';
}

static bool is_blank(const struct buf *line)
{
    return at_skip_blanks(buf_bytes(line), buf_len(line), 0) == buf_len(line);
}

static bool is_pluses(const struct at *at)
{
    return at->grammar->swallow_pluses && buf_len(&at->line) == 3 &&
           memcmp(buf_bytes(&at->line), "+++", 3) == 0;
}

/* Whether silence ends the line that is typed. */
static bool is_bare(const struct at *at)
{
    if (at->state != AT_STATE_COMMAND || !at->in_line || at->overlong || at_blocked(at)) {
        return false;
    }
    size_t len = buf_len(&at->line);
    const char *const *bare = at->grammar->bare_commands;
    for (; bare && *bare; bare++) {
        if (strlen(*bare) == len && strncasecmp(*bare, buf_bytes(&at->line), len) == 0) {
            return true;
        }
    }
    return is_pluses(at);
}

static void end_line(struct at *at)
{
    bool overlong = at->overlong;
    at->in_line = at->overlong = false;
    if (overlong) {
        buf_free(&at->line);
        at_refuse_line(at, AT_FAULT_LINE_TOO_LONG);
    } else if (is_blank(&at->line) || is_pluses(at)) {
        buf_clear(&at->line);
    } else {
        struct buf spent = at->last;
        at->last = at->line;
        at->line = spent;
        buf_clear(&at->line);
        at_begin_line(at, &at->last);
    }
}

static void line_byte(struct at *at, char byte)
{
    unsigned char value = (unsigned char)byte;
    if (byte == '\n' && at->cr_before) { /* it belongs to the CR, however late it comes */
        at->cr_before = false;
        return;
    }
    at->cr_before = value == at->s3;
    if (value == at->s3 || byte == '\n') {
        echo(at, &byte, 1);
        end_line(at);
        return;
    }
    at->in_line = true;
    if (value == at->s5 && at->grammar->backspace_edits) {
        if (buf_len(&at->line)) {
            buf_cut(&at->line, buf_len(&at->line) - 1);
            echo(at, "\b \b", 3);
        }
        return;
    }
    echo(at, &byte, 1);
    if (buf_len(&at->line) == at->grammar->line_max) {
        at->overlong = true;
    } else {
        buf_add_byte(&at->line, byte);
    }
    if (is_repeat(&at->line)) { /* V.250 5.2.4: at once, without a terminator */
        at->in_line = false;
        buf_clear(&at->line);
        if (!buf_len(&at->last)) {
            buf_add_text(&at->last, "AT");
        }
        at_begin_line(at, &at->last);
    }
}

static void bare_tick(struct at *at)
{
    bool arriving = buf_len(&at->input);
    if (!arriving && is_bare(at) && at->now - at->last_byte >= at->grammar->bare_silence_ms) {
        at->cr_before = false;
        end_line(at);
    }
}

/* ---- the console ---- */

uint64_t at_console_line(struct at *at, const char *line, size_t len)
{
    if (buf_len(&at->console) + len + 1 > AT_CONSOLE_MAX || memchr(line, '\n', len)) {
        return 0;
    }
    buf_add(&at->console, line, len);
    buf_add_byte(&at->console, '\n');
    at_wake(at);
    return ++at->console_given;
}

void at_set_tapped(struct at *at, bool on)
{
    at->tapped = on && at->config.tap;
}

/* Between the host's commands; a line that it left unfinished does not hold a console for ever. */
static bool console_may(const struct at *at)
{
    if (!buf_len(&at->console) || at_blocked(at)) {
        return false;
    }
    bool idle =
        at->state == AT_STATE_COMMAND && (!at->in_line || at->now - at->last_byte >= URC_HOLD_MS);
    return idle || (at->from_console && at_in_data(at));
}

static void take_console_line(struct at *at)
{
    const char *bytes = buf_bytes(&at->console);
    size_t len = (size_t)((const char *)memchr(bytes, '\n', buf_len(&at->console)) - bytes);
    if (at_in_data(at)) {
        struct buf data = {0};
        buf_add(&data, bytes, len);
        buf_take(&at->console, len + 1);
        at->console_taken++;
        for (size_t i = 0; i < len && at_in_data(at); i++) {
            at->last_byte = at->now;
            at_data_byte(at, buf_bytes(&data)[i]);
        }
        buf_free(&data);
        return;
    }
    buf_clear(&at->console_line);
    buf_add(&at->console_line, bytes, len);
    buf_take(&at->console, len + 1);
    at->console_first = ++at->console_taken;
    if (!is_blank(&at->console_line)) {
        at_begin_line(at, &at->console_line);
        at->cr_ended = false;
    } else if (at->config.console_done) {
        at->config.console_done(at->config.hooks_ctx, true, at->console_first, at->console_first);
    }
}

/* ---- the pump ---- */

/* What a host that has gone left unfinished goes with it. */
static void drop_unfinished(struct at *at)
{
    at->in_line = at->overlong = at->cr_before = false;
    buf_clear(&at->line);
    if (at_in_data(at) && !at->from_console) {
        at_end_command(at);
    } else if (at->state == AT_STATE_DROP) {
        at->state = AT_STATE_COMMAND;
    }
}

/* How many bytes of a line that has begun are only to be added to it: they end or edit nothing, and
 * cannot make it an A/ any more. */
static size_t plain_run(const struct at *at)
{
    size_t have = buf_len(&at->line);
    if (at->state != AT_STATE_COMMAND || !at->in_line || at->stale || have < 2 ||
        have >= at->grammar->line_max) {
        return 0;
    }
    const char *bytes = buf_bytes(&at->input);
    size_t room = at->grammar->line_max - have;
    size_t most = buf_len(&at->input) < room ? buf_len(&at->input) : room;
    size_t len = 0;
    while (len < most && bytes[len] != '\n' && (unsigned char)bytes[len] != at->s3 &&
           (unsigned char)bytes[len] != at->s5) {
        len++;
    }
    return len;
}

/* Does what take_byte() would do, for all of them at once: a line is mostly such bytes. */
static bool take_plain_run(struct at *at)
{
    size_t len = plain_run(at);
    if (len) {
        at->last_byte = at->now;
        at->cr_before = false;
        echo(at, buf_bytes(&at->input), len);
        buf_add(&at->line, buf_bytes(&at->input), len);
        buf_take(&at->input, len);
    }
    return len;
}

static void take_byte(struct at *at)
{
    char byte = *buf_bytes(&at->input);
    buf_take(&at->input, 1);
    at->last_byte = at->now;
    at->from_gone = at->stale > 0;
    if (at_in_data(at) || at->state == AT_STATE_DROP) {
        at_data_byte(at, byte);
    } else {
        line_byte(at, byte);
    }
    if (at->from_gone) {
        at->from_gone = false;
        if (at->stale > 0 && --at->stale == 0) {
            drop_unfinished(at);
        }
    }
}

/* Whether input can be taken up: not while a command runs, nor into a console's data. */
static bool host_may(const struct at *at)
{
    return buf_len(&at->input) && at->state != AT_STATE_RUNNING && !at_blocked(at) &&
           !(at->from_console && at_in_data(at));
}

static void pump(struct at *at)
{
    for (;;) {
        if (at->continues) {
            at->continues = false;
            at_run_next(at);
        } else if (at->deaf && !at->running) {
            buf_clear(&at->input);
            break;
        } else if (at_stream_due(at)) {
            at_stream_run(at);
        } else if (console_may(at)) {
            take_console_line(at);
        } else if (host_may(at)) {
            if (!take_plain_run(at)) {
                take_byte(at);
            }
        } else {
            break;
        }
        at_release_urcs(at);
    }
    at_release_urcs(at);
}

/* What time alone brings about. */
static void tick(struct at *at)
{
    at_data_tick(at);
    at_stream_tick(at);
    bare_tick(at);
    if (at->continues) { /* a line that silence has ended runs before anything that comes now */
        pump(at);
    }
}

void at_feed(struct at *at, const char *bytes, size_t len, at_time now)
{
    at->now = now;
    at->counters.bytes_in += len;
    tick(at); /* what is due before these bytes */
    size_t lost = at_doze_loses(at, bytes, len);
    bytes += lost;
    len -= lost;
    if (!at_stream_feed(at, bytes, len)) {
        buf_add(&at->input, bytes, len);
    }
    pump(at);
}

void at_tick(struct at *at, at_time now)
{
    at->now = now;
    tick(at);
    pump(at);
}

static at_time sooner(at_time a, at_time b)
{
    return a < b ? a : b;
}

at_time at_deadline(const struct at *at)
{
    if (at->continues || host_may(at) || console_may(at) || at_stream_due(at)) {
        return at->now;
    }
    if (at->state == AT_STATE_COMMAND) {
        bool waiting = (at->urcs.first && at->present) || buf_len(&at->console) ||
                       at->stream.state == AT_STREAM_WAITING;
        bool held = at->in_line && waiting;
        at_time release = held ? at->last_byte + URC_HOLD_MS : AT_NEVER;
        at_time bare = is_bare(at) ? at->last_byte + at->grammar->bare_silence_ms : AT_NEVER;
        return sooner(release, bare);
    }
    return sooner(at_data_deadline(at), at_stream_deadline(at));
}

size_t at_input_room(const struct at *at)
{
    size_t held = buf_len(&at->input);
    if (at->state == AT_STATE_STREAM) { /* whether its output is read is another matter */
        return at_stream_room(at);
    }
    return at_blocked(at) || held >= AT_INPUT_MAX ? 0 : AT_INPUT_MAX - held;
}

const char *at_output(const struct at *at, size_t *len)
{
    *len = buf_len(&at->output);
    return buf_bytes(&at->output);
}

void at_output_written(struct at *at, size_t len, at_time now)
{
    bool blocked = at_blocked(at);
    at->now = now;
    at->counters.bytes_out += len;
    buf_take(&at->output, len);
    if (blocked && !at_blocked(at)) {
        at->last_byte = now; /* while nothing was read, silence meant nothing */
    }
    pump(at);
}

bool at_drained(const struct at *at)
{
    return !at->present || (buf_len(&at->output) == 0 && !at->urcs.first);
}

/* ---- the host ---- */

void at_host_came(struct at *at, at_time now)
{
    at->now = now;
    at->present = true;
    pump(at);
}

void at_host_gone(struct at *at, at_time now)
{
    at->now = now;
    at->present = false;
    buf_clear(&at->output);
    at_stream_host_gone(at);
    at->muted = at->running && !at->from_console;
    at->stale = buf_len(&at->input);
    if (!at->stale) {
        drop_unfinished(at);
    }
    at_drop_urcs(at, at->config.backlog);
    pump(at);
}

void at_deafen(struct at *at)
{
    at->deaf = true;
    at->in_line = at->overlong = at->cr_before = false;
    buf_clear(&at->line);
    buf_clear(&at->input);
    buf_clear(&at->console);
    at->console_taken = at->console_given;
    at->stale = 0;
}

void at_cut(struct at *at)
{
    if (at->running) {
        at_note_end(at, false);
        at_end_command(at);
    } else if (at->state == AT_STATE_DROP) {
        at->state = AT_STATE_COMMAND;
    }
    buf_free(&at->data);
}

void at_restart(struct at *at)
{
    at_reset(at);
    at_stream_reset(at);
    at_clear_urcs(at);
}

void at_undeafen(struct at *at)
{
    at->deaf = false;
    at_wake(at);
}

void at_set_tracing(struct at *at, bool on)
{
    at->tracing = on && at->config.trace;
}

struct at_counters at_counters(const struct at *at)
{
    return at->counters;
}
