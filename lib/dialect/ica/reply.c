#include "dialect/ica/reply.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "dialect/ica/instance.h"

/* ---- remembering ---- */

static void remember(struct ica_last *last, const char *place, size_t place_len, const char *bytes,
                     size_t len, const char *numbers, va_list args)
{
    last->any = true;
    vsnprintf(last->numbers, sizeof last->numbers, numbers, args);
    buf_clear(&last->place);
    buf_add(&last->place, place, place_len);
    buf_clear(&last->bytes);
    buf_add(&last->bytes, bytes, len);
}

void ica_remember(struct ica_last *last, const char *place, size_t place_len, const char *bytes,
                  size_t len, const char *numbers, ...)
{
    va_list args;
    va_start(args, numbers);
    remember(last, place, place_len, bytes, len, numbers, args);
    va_end(args);
}

void ica_forget(struct ica_last *last)
{
    buf_free(&last->place);
    buf_free(&last->bytes);
    last->any = false;
}

/* ---- wording ---- */

void ica_put_quoted(struct buf *line, const char *bytes, size_t len, bool escapes)
{
    buf_add_byte(line, '"');
    while (len) {
        const char *quote = escapes ? memchr(bytes, '"', len) : NULL;
        size_t run = quote ? (size_t)(quote - bytes) : len;
        buf_add(line, bytes, run);
        if (quote) {
            buf_add_text(line, "\\\"");
            run++;
        }
        bytes += run;
        len -= run;
    }
    buf_add_byte(line, '"');
}

void ica_put_seconds(struct buf *line, long ms)
{
    buf_printf(line, "%ld", ms / 1000);
    if (ms % 1000) {
        buf_printf(line, ".%03ld", ms % 1000);
        while (buf_bytes(line)[buf_len(line) - 1] == '0') {
            buf_cut(line, buf_len(line) - 1);
        }
    }
}

void ica_urc_ok(struct ica *ica, const char *line, size_t len)
{
    at_urc(ica->env.at, &(struct at_urc){.line = line, .len = len, .ok = ica->settings->urc_ok});
}

/* ---- read forms of requests ---- */

/* Texts of MQTT stand raw: the standard's examples have none, and hosts take them so. */
static bool escapes(const struct ica *ica, enum ica_order order)
{
    return order == ICA_NUMBERS_FIRST && ica->settings->rcv_escape;
}

static void put_request(const struct ica *ica, struct buf *line, const char *name,
                        const struct ica_last *last, enum ica_order order)
{
    const struct buf *place = &last->place;
    buf_printf(line, "%s:", name);
    if (order == ICA_PLACE_FIRST) {
        ica_put_quoted(line, buf_bytes(place), buf_len(place), false);
        buf_printf(line, "%s%s", *last->numbers ? "," : "", last->numbers);
    } else {
        buf_printf(line, "%s,", last->numbers);
        ica_put_quoted(line, buf_bytes(place), buf_len(place), escapes(ica, order));
    }
}

at_result ica_repeat_text(const struct ica *ica, struct at_call *call, const struct ica_last *last,
                          enum ica_order order)
{
    if (last->any) {
        struct buf line = {0};
        put_request(ica, &line, call->command->name, last, order);
        buf_add_byte(&line, ',');
        ica_put_quoted(&line, buf_bytes(&last->bytes), buf_len(&last->bytes), escapes(ica, order));
        at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
        buf_free(&line);
    }
    return AT_OK;
}

at_result ica_repeat_binary(const struct ica *ica, struct at_call *call,
                            const struct ica_last *last, enum ica_order order)
{
    if (last->any) {
        struct buf line = {0};
        put_request(ica, &line, call->command->name, last, order);
        buf_printf(&line, ",%zu", buf_len(&last->bytes));
        at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
        at_after_ok(call->at, call->ticket, buf_bytes(&last->bytes), buf_len(&last->bytes));
        buf_free(&line);
    }
    return AT_OK;
}

/* ---- reports ---- */

/* Text is what a line can hold: valid UTF-8 without control characters. */
static bool is_text(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < 0x20 || byte == 0x7f) {
            return false;
        }
    }
    return utf8_valid(bytes, len);
}

static void put_report(const struct ica *ica, struct buf *line, const struct ica_report *report,
                       const struct ica_last *last, bool text)
{
    bool escape = report->escapes && ica->settings->rcv_escape;
    buf_printf(line, "%s%c%s,", text ? report->text_name : report->binary_name,
               ica->settings->urc_equals ? '=' : ':', last->numbers);
    ica_put_quoted(line, buf_bytes(&last->place), buf_len(&last->place), escape);
    buf_printf(line, ",%zu", buf_len(&last->bytes));
    if (text) {
        buf_add_byte(line, ',');
        ica_put_quoted(line, buf_bytes(&last->bytes), buf_len(&last->bytes), escape);
    }
}

void ica_receive(struct ica *ica, const struct ica_report *report, struct ica_last *text,
                 struct ica_last *binary, const char *place, const char *bytes, size_t len,
                 const char *numbers, ...)
{
    if (len > AT_URCS_MAX) { /* no queue would take its report */
        log_warning(ica->env.log, "%zu bytes from %s are not reported", len, place);
        return;
    }
    bool as_text = ica->settings->rcv_format == ICA_RCV_TEXT || is_text(bytes, len);
    struct ica_last *last = as_text ? text : binary;
    va_list args;
    va_start(args, numbers);
    remember(last, place, strlen(place), bytes, len, numbers, args);
    va_end(args);
    struct buf line = {0};
    put_report(ica, &line, report, last, as_text);
    if (as_text) {
        ica_urc_ok(ica, buf_bytes(&line), buf_len(&line));
    } else {
        at_urc(ica->env.at, &(struct at_urc){.line = buf_bytes(&line),
                                             .len = buf_len(&line),
                                             .ok = true,
                                             .raw = bytes,
                                             .raw_len = len});
    }
    buf_free(&line);
}

at_result ica_received_text(struct ica *ica, struct at_call *call, const struct ica_report *report,
                            const struct ica_last *last)
{
    if (last->any) {
        struct buf line = {0};
        put_report(ica, &line, report, last, true);
        at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
        buf_free(&line);
    }
    return AT_OK;
}

at_result ica_received_binary(struct ica *ica, struct at_call *call,
                              const struct ica_report *report, const struct ica_last *last)
{
    if (last->any) {
        struct buf line = {0};
        put_report(ica, &line, report, last, false);
        at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
        at_after_ok(call->at, call->ticket, buf_bytes(&last->bytes), buf_len(&last->bytes));
        buf_free(&line);
    }
    return AT_OK;
}

/* ---- requests ---- */

char *ica_absolute_path(const char *path)
{
    return mem_printf("%s%s", *path == '/' ? "" : "/", path);
}

at_result ica_open_data(struct at_call *call, size_t len)
{
    if (len) {
        at_open_data(call, AT_END_COUNT, len, AT_PROMPT_OK);
    } else {
        at_open_data(call, AT_END_PLUSES, ICA_BINARY_MAX, AT_PROMPT_CHEVRON);
    }
    return AT_DATA;
}
