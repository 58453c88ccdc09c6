/* Data phases: what a host sends after a prompt. Any byte value is data; ends are a count, `+++`
 * and silence, or a control character; a phase that stalls is left with an error, and what comes
 * late is dropped. */
#include <string.h>

#include "at/internal.h"

bool at_in_data(const struct at *at)
{
    return at->state == AT_STATE_LF_WAIT || at->state == AT_STATE_COUNT ||
           at->state == AT_STATE_MARK;
}

void at_open_data(struct at_call *call, enum at_data_end end, size_t count, enum at_prompt prompt)
{
    struct at *at = call->at;
    at->data_end = end;
    at->data_count = count;
    at->prompt = prompt;
    at->data_failure = AT_OK;
}

void at_fail_data(struct at *at, at_ticket ticket, at_result result)
{
    if (at_in_data(at) && at->call.ticket == ticket && at->data_failure == AT_OK) {
        at->data_failure = result;
    }
}

/* Everything has come. */
static void complete(struct at *at)
{
    at_result result = at->data_failure;
    if (result == AT_OK && buf_len(&at->data) > at->data_count) {
        at_conclude_fault(at, AT_FAULT_DATA_TOO_LONG);
    } else {
        at->state = AT_STATE_RUNNING;
        if (result == AT_OK) {
            result = at->call.command->data(at->config.ctx, &at->call, buf_bytes(&at->data),
                                            buf_len(&at->data));
        }
        at_conclude(at, result);
    }
    buf_free(&at->data);
}

static void open_mode(struct at *at)
{
    at->state = at->data_end == AT_END_COUNT ? AT_STATE_COUNT : AT_STATE_MARK;
    at->last_byte = at->now;
    at_put_prompt(at);
}

void at_data_begin(struct at *at)
{
    buf_clear(&at->data);
    if (at->data_end == AT_END_COUNT && at->data_count == 0) {
        at_put_prompt(at);
        complete(at);
    } else if (at->cr_ended && at->grammar->lf_rule == AT_LF_WAIT) {
        at->state = AT_STATE_LF_WAIT;
        at->since = at->now;
    } else {
        open_mode(at);
    }
}

/* Length of the end mark that the data end in now: `+++`, then perhaps CR, then perhaps LF. */
static size_t end_mark(const struct at *at)
{
    const char *bytes = buf_bytes(&at->data);
    size_t len = buf_len(&at->data);
    size_t end = len;
    if (end && bytes[end - 1] == '\n') {
        end--;
    }
    if (end && bytes[end - 1] == '\r') {
        end--;
    }
    return end >= 3 && memcmp(bytes + end - 3, "+++", 3) == 0 ? len - end + 3 : 0;
}

static bool at_end_mark(const struct at *at)
{
    return at->data_end == AT_END_PLUSES && end_mark(at);
}

static void end_pluses(struct at *at)
{
    buf_cut(&at->data, buf_len(&at->data) - end_mark(at));
    complete(at);
}

enum { SUB = 0x1a, ESC = 0x1b };

static bool at_control_end(const struct at *at, char byte)
{
    return at->data_end == AT_END_SUB && (byte == SUB || byte == ESC);
}

static void end_control(struct at *at, char byte)
{
    if (byte == SUB) {
        complete(at);
    } else {
        buf_free(&at->data);
        at_conclude_fault(at, AT_FAULT_DATA_CANCELLED);
    }
}

static void mark_byte(struct at *at, char byte)
{
    if (at_control_end(at, byte)) {
        end_control(at, byte);
        return;
    }
    /* above the limit only the tail is kept: enough to see that it is too long, and the mark */
    if (buf_len(&at->data) > at->data_count + 2 * END_MARK_MAX) {
        size_t head = buf_len(&at->data) - END_MARK_MAX;
        char tail[END_MARK_MAX];
        memcpy(tail, buf_bytes(&at->data) + head, sizeof tail);
        buf_cut(&at->data, head - 1);
        buf_add(&at->data, tail, sizeof tail);
    }
    buf_add_byte(&at->data, byte);
    if (at->config.guard_ms == 0 && at_end_mark(at)) {
        end_pluses(at);
    }
}

void at_data_byte(struct at *at, char byte)
{
    if (at->state == AT_STATE_LF_WAIT) {
        at->cr_ended = false;
        open_mode(at);
        if (byte == '\n') {
            return;
        }
    }
    if (at->state == AT_STATE_DROP) {
        return;
    }
    if (at->cr_ended) { /* AT_LF_NEVER: only the first byte can belong to the line's end */
        at->cr_ended = false;
        if (byte == '\n') {
            return;
        }
    }
    if (at->state == AT_STATE_MARK) {
        mark_byte(at, byte);
        return;
    }
    buf_add_byte(&at->data, byte);
    if (buf_len(&at->data) == at->data_count) {
        complete(at);
    }
}

static at_time silence_limit(const struct at *at)
{
    bool ending = at->state == AT_STATE_MARK && at_end_mark(at);
    return ending ? at->config.guard_ms : at->config.data_timeout_ms;
}

at_time at_data_deadline(const struct at *at)
{
    if (at_blocked(at)) { /* the port is not read: silence means nothing */
        return AT_NEVER;
    }
    switch (at->state) {
    case AT_STATE_LF_WAIT:
        return at->since + at->grammar->lf_wait_ms;
    case AT_STATE_COUNT:
    case AT_STATE_MARK:
        return at->last_byte + silence_limit(at);
    case AT_STATE_DROP:
        return at->last_byte + at->grammar->drop_silence_ms;
    case AT_STATE_COMMAND:
    case AT_STATE_RUNNING:
    case AT_STATE_STREAM_LF:
    case AT_STATE_STREAM:
        break;
    }
    return AT_NEVER;
}

void at_data_tick(struct at *at)
{
    bool arriving = buf_len(&at->input) && !at->from_console;
    if (arriving || at->now < at_data_deadline(at)) {
        return;
    }
    if (at->state == AT_STATE_LF_WAIT) {
        at->cr_ended = false;
        open_mode(at);
    } else if (at->state == AT_STATE_MARK && at_end_mark(at)) {
        end_pluses(at);
    } else if (at->state == AT_STATE_DROP) {
        at->state = AT_STATE_COMMAND;
        at->cr_before = false;
    } else if (at_in_data(at)) {
        buf_free(&at->data);
        at_conclude_fault(at, AT_FAULT_DATA_TIMEOUT);
        at->state = AT_STATE_DROP;
        at->last_byte = at->now;
    }
}
