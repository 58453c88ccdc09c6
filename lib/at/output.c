/* The four doors out - information line, final result, URC, data - and the one queue behind them
 * that decides what may go now and what waits. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "at/internal.h"
#include "base/mem.h"

void at_trace(const struct at *at, enum at_trace what, const char *text, size_t len)
{
    if (at->tracing) {
        at->config.trace(at->config.hooks_ctx, what, text, len);
    }
}

static void tap(const struct at *at, const char *bytes, size_t len)
{
    if (at->tapped && len) {
        at->config.tap(at->config.hooks_ctx, bytes, len);
    }
}

static void put_untapped(struct at *at, const char *bytes, size_t len)
{
    if (at->present && !at->muted) {
        buf_add(&at->output, bytes, len);
    }
}

void at_put(struct at *at, const char *bytes, size_t len)
{
    tap(at, bytes, len);
    put_untapped(at, bytes, len);
}

/* V.250 6.2.6: with V1 text stands between CR LF pairs, with V0 CR LF follows. */
void at_frame(const struct at *at, struct buf *out, const char *text, size_t len)
{
    if (at->verbose) {
        buf_add_byte(out, (char)at->s3);
        buf_add_byte(out, (char)at->s4);
    }
    buf_add(out, text, len);
    buf_add_byte(out, (char)at->s3);
    buf_add_byte(out, (char)at->s4);
}

/* ---- information lines ---- */

static bool current(const struct at *at, at_ticket ticket)
{
    return at->running && at->call.ticket == ticket;
}

/* The name of a line may be known. */
static void mask(struct buf *shown, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    buf_add(shown, line, colon ? (size_t)(colon - line) + 1 : 0);
    buf_add_text(shown, "***");
}

void at_info_bytes(struct at *at, at_ticket ticket, const char *bytes, size_t len, bool secret)
{
    if (!current(at, ticket)) {
        return;
    }
    struct buf shown = {0};
    if (secret) {
        mask(&shown, bytes, len);
    }
    struct buf line = {0};
    at_frame(at, &line, bytes, len);
    put_untapped(at, buf_bytes(&line), buf_len(&line));
    mem_wipe(line.memory, secret ? line.size : 0);
    if (secret) {
        buf_clear(&line);
        at_frame(at, &line, buf_bytes(&shown), buf_len(&shown));
    }
    at_trace(at, AT_TRACE_OUT, secret ? buf_bytes(&shown) : bytes, secret ? buf_len(&shown) : len);
    tap(at, buf_bytes(&line), buf_len(&line));
    buf_free(&line);
    buf_free(&shown);
    at_wake(at); /* its command may go on for a while */
}

void at_info(struct at *at, at_ticket ticket, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    at_info_bytes(at, ticket, buf_bytes(&text), buf_len(&text), false);
    buf_free(&text);
}

void at_after_ok(struct at *at, at_ticket ticket, const char *bytes, size_t len)
{
    if (current(at, ticket)) {
        buf_add(&at->after, bytes, len);
    }
}

/* ---- final results ---- */

/* A result code of one line, or its number if that is 0 or more. */
static void frame_line(const struct at *at, struct buf *out, const char *line, int number)
{
    if (at->verbose || number < 0) {
        at_frame(at, out, line, strlen(line));
    } else {
        buf_printf(out, "%d%c", number, at->s3);
    }
}

static void put_number(struct at *at, int number)
{
    struct buf line = {0};
    buf_printf(&line, "%d%c", number, at->s3);
    at_put(at, buf_bytes(&line), buf_len(&line));
    buf_free(&line);
}

/* Lines with a LF between; the last of them as a number, unless that is negative. */
static void put_words(struct at *at, const char *words, int number)
{
    while (*words) {
        size_t len = strcspn(words, "\n");
        if (number >= 0 && !words[len]) {
            put_number(at, number);
            return;
        }
        struct buf line = {0};
        at_frame(at, &line, words, len);
        at_put(at, buf_bytes(&line), buf_len(&line));
        buf_free(&line);
        words += len + (words[len] == '\n');
    }
}

static void put_result(struct at *at, at_result result)
{
    int number = at->verbose ? -1 : at->grammar->number(result, at->cmee);
    struct buf words = {0};
    at->grammar->word(&words, result, at->cmee);
    put_words(at, buf_text(&words), number);
    buf_free(&words);
}

void at_put_final(struct at *at, at_result result)
{
    if (at->tracing) {
        struct buf words = {0};
        at->grammar->word(&words, result, at->cmee);
        at_trace(at, AT_TRACE_OUT, buf_bytes(&words), buf_len(&words));
        buf_free(&words);
    }
    if (!at->quiet) {
        put_result(at, result);
    }
}

void at_put_line(struct at *at, const char *line, int number)
{
    at_trace(at, AT_TRACE_OUT, line, strlen(line));
    if (at->quiet) {
        return;
    }
    struct buf text = {0};
    frame_line(at, &text, line, number);
    at_put(at, buf_bytes(&text), buf_len(&text));
    buf_free(&text);
}

/* A prompt is not a result code: it goes also under ATQ1. */
void at_put_prompt(struct at *at)
{
    if (at->prompt != AT_PROMPT_CHEVRON) {
        put_result(at, AT_OK);
    }
    if (at->prompt != AT_PROMPT_OK) {
        at_put(at, at->grammar->chevron, strlen(at->grammar->chevron));
    }
}

/* ---- URCs ---- */

static void pop(struct at_queue *queue, struct at_block **link)
{
    struct at_block *block = *link;
    *link = block->next;
    if (queue->last == &block->next) {
        queue->last = link;
    }
    queue->bytes -= block->len;
    mem_wipe(block->bytes, block->secret ? block->len : 0);
    free(block);
    if (!queue->first) {
        queue->dropping = false;
    }
}

void at_clear_urcs(struct at *at)
{
    while (at->urcs.first) {
        pop(&at->urcs, &at->urcs.first);
    }
}

void at_drop_urcs(struct at *at, size_t keep)
{
    size_t droppable = 0;
    for (const struct at_block *block = at->urcs.first; block; block = block->next) {
        droppable += block->boot ? 0 : block->len;
    }
    struct at_block **link = &at->urcs.first;
    while (*link && droppable > keep) {
        if ((*link)->boot) {
            link = &(*link)->next;
        } else {
            droppable -= (*link)->len;
            at->counters.urcs_dropped++;
            pop(&at->urcs, link);
        }
    }
}

/* For a console and for traces. */
static void show_urc(const struct at *at, const struct at_block *block, bool tapping, bool tracing)
{
    const char *line = block->bytes + block->line;
    if (!block->secret) {
        if (tapping) {
            tap(at, block->bytes, block->len);
        }
        if (tracing) {
            at_trace(at, AT_TRACE_OUT, line, block->line_len);
        }
        return;
    }
    struct buf shown = {0};
    struct buf framed = {0};
    mask(&shown, line, block->line_len);
    at_frame(at, &framed, buf_bytes(&shown), buf_len(&shown));
    if (tapping) {
        tap(at, buf_bytes(&framed), buf_len(&framed));
    }
    if (tracing) {
        at_trace(at, AT_TRACE_OUT, buf_bytes(&shown), buf_len(&shown));
    }
    buf_free(&shown);
    buf_free(&framed);
}

static bool may_go(const struct at *at)
{
    bool idle = at->state == AT_STATE_COMMAND || at->state == AT_STATE_DROP;
    bool line = at->in_line && at->now - at->last_byte < URC_HOLD_MS;
    return at->present && idle && !line;
}

void at_release_urcs(struct at *at)
{
    if (!at->urcs.first || !may_go(at)) {
        return;
    }
    while (at->urcs.first && buf_len(&at->output) < URC_AHEAD) {
        const struct at_block *block = at->urcs.first;
        show_urc(at, block, !block->tapped, true);
        put_untapped(at, block->bytes, block->len);
        pop(&at->urcs, &at->urcs.first);
    }
}

static void refuse_urc(struct at *at)
{
    at->counters.urcs_dropped++;
    if (!at->urcs.dropping && at->config.warn) {
        at->config.warn(at->config.hooks_ctx,
                        "the host does not read: unsolicited results are dropped");
    }
    at->urcs.dropping = true;
}

/* text is framed; about has what is known of it: line, line_len, boot, secret. */
static void queue(struct at *at, const struct buf *text, const struct at_block *about)
{
    size_t len = buf_len(text);
    at->counters.urcs++;
    if (at->present && at->urcs.bytes + len > AT_URCS_MAX) {
        refuse_urc(at);
    } else {
        struct at_block *block = mem_resize(NULL, sizeof *block + len);
        *block = *about;
        block->len = len;
        block->tapped = !at->present; /* a console sees at once what waits for a host */
        memcpy(block->bytes, buf_bytes(text), len);
        *at->urcs.last = block;
        at->urcs.last = &block->next;
        at->urcs.bytes += len;
        show_urc(at, block, !at->present, false);
    }
    if (at->present) {
        at_release_urcs(at);
        at_wake(at);
    } else {
        at_drop_urcs(at, at->config.backlog);
    }
}

void at_urc(struct at *at, const struct at_urc *urc)
{
    struct buf text = {0};
    if (urc->line) {
        at_frame(at, &text, urc->line, urc->len);
    }
    if (urc->ok) {
        at_frame(at, &text, "OK", 2);
    }
    buf_add(&text, urc->raw, urc->raw_len);
    queue(at, &text,
          &(struct at_block){.line = at->verbose && urc->line ? 2 : 0, /* behind CR LF */
                             .line_len = urc->len,
                             .boot = urc->boot,
                             .secret = urc->secret});
    mem_wipe(text.memory, urc->secret ? text.size : 0);
    buf_free(&text);
}

size_t at_output_waiting(const struct at *at)
{
    return buf_len(&at->output) + at->urcs.bytes;
}

size_t at_urcs_waiting(const struct at *at)
{
    return at->urcs.bytes;
}

void at_queue_line(struct at *at, const char *line, int number)
{
    if (at->quiet) {
        return;
    }
    struct buf text = {0};
    frame_line(at, &text, line, number);
    bool framed = at->verbose;
    queue(at, &text,
          &(struct at_block){.line = framed ? 2 : 0,
                             .line_len = framed ? strlen(line) : buf_len(&text) - 1});
    buf_free(&text);
}

void at_urc_line(struct at *at, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    at_urc(at, &(struct at_urc){.line = buf_bytes(&text), .len = buf_len(&text)});
    buf_free(&text);
}
