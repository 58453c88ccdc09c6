/* Stream mode: the line belongs to somebody else, until `+++` or its owner gives it back. */
#include "at/stream.h"

#include <stdlib.h>
#include <string.h>

#include "at/internal.h"
#include "base/mem.h"

enum { ESCAPE = 3 /* `+` */ };

static bool online(const struct at *at)
{
    return at->state == AT_STATE_STREAM;
}

static void set_words(struct stream *stream, const char *line, int number)
{
    free(stream->line);
    stream->line = line ? mem_string(line) : NULL;
    stream->number = number;
}

enum at_stream_state at_stream_state(const struct at *at)
{
    return at->stream.state;
}

/* ---- the host's bytes ---- */

/* What might have been the beginning of an escape is data. */
static void release_pluses(struct stream *stream)
{
    buf_add(&stream->in, "+++", stream->pluses);
    stream->in_burst = stream->in_burst || stream->pluses;
    stream->pluses = 0;
}

/* All of them at the same time. What may become an escape is held back; nothing else is. */
static void take_up(struct at *at, const char *bytes, size_t len)
{
    struct stream *stream = &at->stream;
    unsigned guard = stream->given.guard_ms;
    bool after_silence = at->now - stream->last_byte >= guard;
    size_t held = 0;
    while (guard && held < len && bytes[held] == '+' && stream->pluses < ESCAPE &&
           (stream->pluses || after_silence)) {
        stream->pluses++;
        held++;
    }
    if (held < len) {
        release_pluses(stream);
        buf_add(&stream->in, bytes + held, len - held);
        stream->in_burst = true;
    }
    stream->last_byte = at->now;
    stream->stalled = buf_len(&stream->in) >= AT_INPUT_MAX;
}

static void feed(struct at *at, const char *bytes, size_t len)
{
    struct stream *stream = &at->stream;
    if (len && stream->skip_lf) { /* it belongs to the end of the command line */
        stream->skip_lf = false;
        bool end = *bytes == '\n';
        bytes += end;
        len -= end;
    }
    if (len && !at->deaf) {
        take_up(at, bytes, len);
    }
}

size_t at_stream_room(const struct at *at)
{
    size_t held = buf_len(&at->stream.in);
    return held >= AT_INPUT_MAX ? 0 : AT_INPUT_MAX - held;
}

/* What input() left of its bytes when it closed the stream are command lines. */
static void give_back(struct at *at, size_t taken)
{
    struct stream *stream = &at->stream;
    struct buf rest = stream->in;
    stream->in = (struct buf){0};
    buf_take(&rest, taken);
    buf_add(&rest, "+++", stream->pluses);
    stream->pluses = 0;
    buf_add(&rest, buf_bytes(&at->input), buf_len(&at->input));
    buf_free(&at->input);
    at->input = rest;
}

static void offer(struct at *at)
{
    struct stream *stream = &at->stream;
    while (buf_len(&stream->in) && !stream->refused && !stream->offering) {
        size_t len = buf_len(&stream->in);
        stream->offering = true;
        stream->closed = false;
        size_t taken = stream->given.events->input(stream->given.ctx, buf_bytes(&stream->in), len);
        stream->offering = false;
        if (stream->closed) {
            give_back(at, taken);
            return;
        }
        buf_take(&stream->in, taken);
        stream->refused = taken < len;
    }
    if (stream->stalled && at_stream_room(at)) {
        stream->stalled = false;
        stream->last_byte = at->now; /* while the line was not read, silence meant nothing */
    }
}

void at_stream_ready(struct at *at)
{
    if (at->stream.refused) {
        at->stream.refused = false;
        at_wake(at);
    }
}

/* ---- the way in ---- */

static bool current(const struct at *at, at_ticket ticket)
{
    return !ticket || (at->running && at->call.ticket == ticket);
}

static void wait_for(struct at *at, at_ticket ticket, const char *line, int number)
{
    struct stream *stream = &at->stream;
    stream->resumes = stream->state == AT_STREAM_SUSPENDED;
    stream->state = AT_STREAM_WAITING;
    stream->ticket = ticket;
    set_words(stream, line, number);
    at_wake(at);
}

bool at_open_stream(struct at *at, at_ticket ticket, const struct at_stream *given,
                    const char *line, int number)
{
    struct stream *stream = &at->stream;
    if (stream->state != AT_STREAM_NONE || !current(at, ticket)) {
        return false;
    }
    stream->given = *given;
    stream->refused = stream->in_burst = stream->stalled = false;
    wait_for(at, ticket, line, number);
    return true;
}

bool at_resume_stream(struct at *at, at_ticket ticket, const char *line, int number)
{
    struct stream *stream = &at->stream;
    if (stream->state != AT_STREAM_SUSPENDED || !current(at, ticket)) {
        return false;
    }
    wait_for(at, ticket, line, number);
    return true;
}

static void suspend(struct at *at, enum at_stream_left how)
{
    struct stream *stream = &at->stream;
    stream->state = AT_STREAM_SUSPENDED;
    stream->skip_lf = false;
    at->state = AT_STATE_COMMAND;
    at->last_byte = stream->last_byte;
    offer(at);
    if (stream->state == AT_STREAM_SUSPENDED && stream->in_burst) {
        stream->in_burst = false;
        if (stream->given.events->silent && stream->given.burst_ms) {
            stream->given.events->silent(stream->given.ctx);
        }
    }
    if (stream->state == AT_STREAM_SUSPENDED) {
        stream->given.events->left(stream->given.ctx, how);
    }
}

/* The line is the stream's, and the words leave. */
static void enter(struct at *at)
{
    struct stream *stream = &at->stream;
    bool away = at->muted || !at->present;
    stream->state = AT_STREAM_OPEN;
    stream->last_byte = at->last_byte;
    if (stream->given.prompt && !stream->resumes) {
        at_put(at, at->grammar->chevron, strlen(at->grammar->chevron));
    } else if (stream->line) {
        at_put_line(at, stream->line, stream->number);
    }
    if (at->running) {
        at_note_end(at, true);
        at_end_command(at);
    }
    at->state = AT_STATE_STREAM;
    at->in_line = at->overlong = false;
    buf_clear(&at->line);
    /* what was sent ahead; of a host that has gone only what was its own */
    size_t ahead = at->stale ? at->stale : buf_len(&at->input);
    feed(at, buf_bytes(&at->input), ahead);
    buf_take(&at->input, ahead);
    at->stale = 0;
    if (away && !stream->given.stays) {
        at_stream_host_gone(at);
    } else if (buf_len(&at->input)) {
        feed(at, buf_bytes(&at->input), buf_len(&at->input));
        buf_clear(&at->input);
    }
}

bool at_stream_feed(struct at *at, const char *bytes, size_t len)
{
    if (len && at->state == AT_STATE_STREAM_LF) {
        at->stream.skip_lf = true;
        enter(at);
    }
    if (online(at)) {
        feed(at, bytes, len);
        return true;
    }
    return false;
}

/* A LF behind the CR of the command is no data: it is there already, or waited for. */
void at_stream_begin(struct at *at)
{
    struct stream *stream = &at->stream;
    bool never = at->grammar->lf_rule == AT_LF_NEVER;
    stream->skip_lf = at->cr_ended && (never || buf_len(&at->input));
    if (at->cr_ended && !never && !buf_len(&at->input) &&
        at->now < at->last_byte + at->grammar->lf_wait_ms) {
        at->state = AT_STATE_STREAM_LF;
        return;
    }
    enter(at);
}

bool at_stream_prepared(const struct at *at)
{
    const struct stream *stream = &at->stream;
    return stream->state == AT_STREAM_WAITING && stream->ticket;
}

void at_stream_unprepare(struct at *at)
{
    struct stream *stream = &at->stream;
    if (stream->state == AT_STREAM_WAITING && stream->ticket) {
        set_words(stream, NULL, 0);
        stream->state = stream->resumes ? AT_STREAM_SUSPENDED : AT_STREAM_NONE;
    }
}

static bool may_start(const struct at *at)
{
    bool idle = at->state == AT_STATE_COMMAND && !at->running && !at->urcs.first &&
                (!at->in_line || at->now - at->last_byte >= URC_HOLD_MS);
    return at->stream.state == AT_STREAM_WAITING && !at->stream.ticket && idle && at->present &&
           !at->deaf;
}

/* ---- the way out ---- */

static void escape(struct at *at)
{
    at->stream.pluses = 0;
    if (at->stream.given.escape_ok) {
        at_put_final(at, AT_OK);
    }
    suspend(at, AT_LEFT_ESCAPE);
}

void at_stream_host_gone(struct at *at)
{
    struct stream *stream = &at->stream;
    if (at->state == AT_STATE_STREAM_LF) {
        enter(at);
    } else if (online(at) && !stream->given.stays) {
        if (stream->pluses == ESCAPE) {
            stream->pluses = 0;
        }
        release_pluses(stream);
        suspend(at, AT_LEFT_GONE);
    }
}

/* From whatever state; the words are the caller's affair. */
static void end(struct at *at)
{
    struct stream *stream = &at->stream;
    if (online(at)) {
        at->state = AT_STATE_COMMAND;
        at->last_byte = stream->last_byte;
    }
    set_words(stream, NULL, 0);
    stream->state = AT_STREAM_NONE;
    stream->starved = false;
    stream->closed = true;
    if (!stream->offering) {
        stream->pluses = 0;
        buf_free(&stream->in);
    }
}

void at_close_stream(struct at *at, const char *line, int number)
{
    if (at->state == AT_STATE_STREAM_LF) {
        enter(at);
    }
    enum at_stream_state state = at->stream.state;
    end(at);
    if (line && state == AT_STREAM_OPEN) {
        at_put_line(at, line, number);
    } else if (line && state == AT_STREAM_SUSPENDED) {
        at_queue_line(at, line, number);
    }
    at_wake(at);
}

void at_stream_reset(struct at *at)
{
    struct stream *stream = &at->stream;
    if (stream->state == AT_STREAM_NONE) {
        return;
    }
    struct at_stream given = stream->given;
    end(at);
    given.events->left(given.ctx, AT_LEFT_RESET);
}

/* ---- towards the host ---- */

size_t at_stream_write(struct at *at, const char *bytes, size_t len)
{
    size_t waiting = buf_len(&at->output);
    size_t room =
        online(at) && at->present && waiting < AT_OUTPUT_MAX ? AT_OUTPUT_MAX - waiting : 0;
    size_t taken = len < room ? len : room;
    if (taken) {
        at_put(at, bytes, taken);
        at_wake(at);
    }
    at->stream.starved = at->stream.starved || taken < len;
    return taken;
}

/* ---- time ---- */

static at_time silence_limit(const struct stream *stream)
{
    if (stream->pluses) {
        return stream->given.guard_ms;
    }
    bool burst = stream->in_burst && stream->given.burst_ms && !stream->refused;
    return burst ? stream->given.burst_ms : AT_NEVER;
}

at_time at_stream_deadline(const struct at *at)
{
    if (at->state == AT_STATE_STREAM_LF) {
        return at->last_byte + at->grammar->lf_wait_ms;
    }
    at_time limit = silence_limit(&at->stream);
    return !online(at) || limit == AT_NEVER ? AT_NEVER : at->stream.last_byte + limit;
}

static void silence(struct at *at)
{
    struct stream *stream = &at->stream;
    if (stream->pluses == ESCAPE) {
        escape(at);
        return;
    }
    release_pluses(stream);
    offer(at);
    bool over = at->now - stream->last_byte >= stream->given.burst_ms;
    if (online(at) && stream->in_burst && stream->given.burst_ms && over && !stream->refused) {
        stream->in_burst = false;
        if (stream->given.events->silent) {
            stream->given.events->silent(stream->given.ctx);
        }
    }
}

void at_stream_tick(struct at *at)
{
    if (at->now < at_stream_deadline(at)) {
        return;
    }
    if (at->state == AT_STATE_STREAM_LF) {
        enter(at);
    } else {
        silence(at);
    }
}

static bool may_tell(const struct at *at)
{
    return online(at) && at->stream.starved && at->present &&
           buf_len(&at->output) <= AT_OUTPUT_MAX / 2;
}

bool at_stream_due(const struct at *at)
{
    const struct stream *stream = &at->stream;
    bool waits = buf_len(&stream->in) && !stream->refused && !stream->offering;
    return may_start(at) || waits || may_tell(at);
}

void at_stream_run(struct at *at)
{
    struct stream *stream = &at->stream;
    if (may_start(at)) {
        enter(at);
    }
    offer(at);
    if (may_tell(at)) {
        stream->starved = false;
        if (stream->given.events->writable) {
            stream->given.events->writable(stream->given.ctx);
        }
    }
}

void at_stream_free(struct at *at)
{
    set_words(&at->stream, NULL, 0);
    buf_free(&at->stream.in);
}
