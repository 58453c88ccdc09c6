/* A command line's execution: one command after the other, one final result for all of them. */
#include <stdlib.h>
#include <string.h>

#include "at/internal.h"
#include "base/mem.h"

static bool letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static at_result fault_result(const struct at *at, const struct at_command *command,
                              enum at_fault fault)
{
    if (command && command->faults) {
        return command->faults[fault];
    }
    bool own = command && command->flags & AT_BASIC && at->grammar->basic_faults;
    return own ? at->grammar->basic_faults[fault] : at->grammar->faults[fault];
}

static void free_call(struct at *at)
{
    if (at->strings) {
        free(at->strings);
        at->strings = NULL;
    }
    buf_clear(&at->after);
}

void at_end_command(struct at *at)
{
    free_call(at);
    at_stream_unprepare(at);
    at->running = at->continues = at->muted = at->from_console = false;
    at->state = AT_STATE_COMMAND;
    at->last_end = at->now;
}

const unsigned at_latency_ms[AT_LATENCIES - 1] = {1, 2, 5, 10, 20, 50, 100, 500, 1000, 5000, 10000};

void at_note_end(struct at *at, bool good)
{
    struct at_counters *counters = &at->counters;
    at_time took = at->now - at->began;
    int i = 0;
    while (i < AT_LATENCIES - 1 && took > (at_time)at_latency_ms[i]) {
        i++;
    }
    counters->commands++;
    counters->errors += !good;
    counters->latency[i]++;
    counters->latency_sum_ms += (uint64_t)took;
    if (at->from_console && at->config.console_done) {
        at->config.console_done(at->config.hooks_ctx, good, at->console_first, at->console_taken);
    }
}

/* The final result of the whole line. */
static void end_line(struct at *at, at_result result)
{
    bool good = result == AT_OK || result >= AT_GOOD;
    at_put_final(at, result);
    if (result == AT_OK) {
        at_put(at, buf_bytes(&at->after), buf_len(&at->after));
    }
    at_note_end(at, good);
    at_end_command(at);
}

void at_refuse_line(struct at *at, enum at_fault fault)
{
    at->muted = at->from_gone;
    at->began = at->now;
    end_line(at, at->grammar->faults[fault]);
}

/* ---- the four forms ---- */

static at_result test_form(struct at *at)
{
    const struct at_command *command = at->call.command;
    struct buf text = {0};
    if (command->test) {
        buf_add_text(&text, command->test);
    } else if (command->flags & AT_INTERNAL) { /* 27.007: the range of values */
        buf_printf(&text, "%s%s(%d-%d)", command->name, at->grammar->colon,
                   (int)command->params[0].min, (int)command->params[0].max);
    } else {
        at->grammar->test(&text, command);
    }
    if (buf_len(&text)) {
        at_info_bytes(at, at->call.ticket, buf_bytes(&text), buf_len(&text), false);
    }
    buf_free(&text);
    if (command->test_after) {
        struct buf line = {0};
        at_frame(at, &line, command->test_after, strlen(command->test_after));
        at_after_ok(at, at->call.ticket, buf_bytes(&line), buf_len(&line));
        buf_free(&line);
    }
    return AT_OK;
}

static at_result call_handler(struct at *at, enum at_form form)
{
    const struct at_command *command = at->call.command;
    void *ctx = command->flags & AT_INTERNAL ? at : at->config.ctx;
    at->call.form = form;
    switch (form) {
    case AT_TEST:
        return command->describe ? command->describe(ctx, &at->call) : test_form(at);
    case AT_READ:
        return command->read(ctx, &at->call);
    case AT_SET:
        return command->set(ctx, &at->call);
    case AT_EXECUTE:
        break;
    }
    return command->execute(ctx, &at->call);
}

/* ---- syntax of one command ---- */

/* What was found at the place of a command. */
struct found {
    int fault; /* -1: none */
    enum at_form form;
    at_result refused; /* by the command's guard; AT_OK: not */
};

static struct found fault(enum at_fault fault)
{
    return (struct found){.fault = (int)fault};
}

static bool ends(const struct at *at, const char *text, size_t len, size_t pos)
{
    return pos >= len || (at->grammar->separator && text[pos] == at->grammar->separator);
}

static at_result ask_guard(struct at *at, enum at_form form)
{
    const struct at_command *command = at->call.command;
    at->call.form = form;
    return command->guard ? command->guard(at->config.ctx, &at->call) : AT_OK;
}

/* Rows of the interpreter's own have a test form where the dialect has any. */
static bool has_form(const struct at *at, const struct at_command *command, enum at_form form)
{
    bool missing = form == AT_TEST && command->flags & AT_INTERNAL && !at->grammar->test;
    return command->forms & form && !missing;
}

/* V.250 5.4: `+NAME`, then `=?`, `?`, `=parameters` or nothing. */
static struct found extended(struct at *at, const char *text, size_t len)
{
    size_t name = at_skip_blanks(text, len, at->next + 1);
    size_t pos = name;
    while (!ends(at, text, len, pos) && !strchr("=? \t", text[pos])) {
        pos++;
    }
    const struct at_command *command =
        text[at->next] == '+' ? at_lookup(at, text + name, pos - name) : NULL;
    at->call.command = command;
    if (!command) {
        return fault(AT_FAULT_UNKNOWN);
    }
    pos = at_skip_blanks(text, len, pos);
    if (ends(at, text, len, pos)) {
        at->next = pos;
        return command->forms & AT_EXECUTE
                   ? (struct found){-1, AT_EXECUTE, ask_guard(at, AT_EXECUTE)}
                   : fault(AT_FAULT_FORM);
    }
    char op = text[pos++];
    if (op != '=' && op != '?') {
        return fault(AT_FAULT_SYNTAX);
    }
    enum at_form form = op == '?' ? AT_READ : AT_SET;
    size_t mark = at_skip_blanks(text, len, pos);
    if (op == '=' && mark < len && text[mark] == '?') {
        size_t behind = at_skip_blanks(text, len, mark + 1);
        if (ends(at, text, len, behind)) {
            form = AT_TEST;
            pos = behind;
        }
    }
    if (!has_form(at, command, form)) {
        return fault(AT_FAULT_FORM);
    }
    at_result refused = ask_guard(at, form);
    if (refused != AT_OK) {
        return (struct found){-1, form, refused};
    }
    if (form != AT_SET) {
        at->next = at_skip_blanks(text, len, pos);
        return ends(at, text, len, at->next) ? (struct found){-1, form, AT_OK}
                                             : fault(AT_FAULT_SYNTAX);
    }
    size_t used = 0;
    int wrong = at_parse(at, &at->call, text + pos, len - pos, &at->strings, &used);
    at->next = pos + used;
    return (struct found){wrong, AT_SET, AT_OK};
}

/* The decimal digits at *pos, if there are any. */
static int basic_number(const struct at_param *param, const char *text, size_t len, size_t *pos,
                        struct at_value *value)
{
    while (*pos < len && digit(text[*pos])) {
        if (value->number > 99999) {
            return AT_FAULT_RANGE;
        }
        value->present = true;
        value->number = value->number * 10 + (text[(*pos)++] - '0');
    }
    if (!value->present) {
        return param->flags & AT_OPTIONAL ? -1 : AT_FAULT_MISSING;
    }
    return value->number < param->min || value->number > param->max ? (int)AT_FAULT_RANGE : -1;
}

/* V.250 5.3: letter and number; S registers: number, then `?` or `=number`. */
static struct found basic(struct at *at, const char *text, size_t len)
{
    size_t name_len = 0;
    const struct at_command *command =
        at_lookup_basic(at, text + at->next, len - at->next, &name_len);
    at->call.command = command;
    if (!command) {
        return fault(AT_FAULT_UNKNOWN);
    }
    size_t pos = at->next + name_len;
    struct found found = {-1, AT_EXECUTE, AT_OK};
    if (command->param_count && command->params[0].type == AT_STRING) { /* a dial string */
        size_t used = 0;
        found.fault = at_parse(at, &at->call, text + pos, len - pos, &at->strings, &used);
        at->next = pos + used;
        return found;
    }
    if (command->param_count) {
        found.fault = basic_number(&command->params[0], text, len, &pos, &at->call.params[0]);
    }
    pos = at_skip_blanks(text, len, pos);
    if (found.fault < 0 && pos < len && text[pos] == '?') {
        found.form = AT_READ;
        pos++;
    } else if (found.fault < 0 && pos < len && text[pos] == '=') {
        found.form = AT_SET;
        pos = at_skip_blanks(text, len, pos + 1);
        if (command->param_count > 1) {
            found.fault = basic_number(&command->params[1], text, len, &pos, &at->call.params[1]);
        }
    }
    if (found.fault < 0 && !(command->forms & found.form)) {
        found.fault = AT_FAULT_FORM;
    }
    at->next = pos;
    return found;
}

/* ---- the line ---- */

void at_begin_line(struct at *at, const struct buf *line)
{
    at->text = line;
    at->from_console = line == &at->console_line;
    at->began = at->now;
    const char *text = buf_bytes(at->text);
    size_t len = buf_len(at->text);
    size_t start = at_skip_blanks(text, len, 0);
    if (at->tracing) {
        struct buf masked = {0};
        at_mask(at, text, len, &masked);
        at_trace(at, AT_TRACE_IN, buf_bytes(&masked), buf_len(&masked));
        buf_free(&masked);
    }
    if (len - start < 2 || strncasecmp(text + start, "AT", 2) != 0) {
        at_refuse_line(at, AT_FAULT_NOT_AT);
        return;
    }
    at->next = start + 2;
    at->running = at->continues = true;
    at->muted = at->from_gone;
    at->cr_ended = at->cr_before;
    at->state = AT_STATE_RUNNING;
}

static void next_command(struct at *at)
{
    free_call(at);
    at->call = (struct at_call){.at = at, .ticket = ++at->tickets};
}

/* Whether a further command stands at at->next; steps over separators. */
static bool another(struct at *at)
{
    const char *text = buf_bytes(at->text);
    size_t len = buf_len(at->text);
    size_t pos = at_skip_blanks(text, len, at->next);
    while (at->grammar->separator && pos < len && text[pos] == at->grammar->separator) {
        pos = at_skip_blanks(text, len, pos + 1);
    }
    at->next = pos;
    return pos < len;
}

void at_conclude(struct at *at, at_result result)
{
    if (result == AT_PENDING) {
        at->state = AT_STATE_RUNNING;
    } else if (result == AT_DATA) {
        at_data_begin(at);
    } else if (result == AT_STREAM && at_stream_prepared(at)) {
        at->counters.commands++;
        at_stream_begin(at);
    } else if (result == AT_OK && another(at)) {
        at->state = AT_STATE_RUNNING;
        at->continues = true;
        at_wake(at);
    } else {
        end_line(at, result == AT_STREAM ? AT_ERROR : result); /* AT_STREAM without a stream */
    }
}

void at_conclude_fault(struct at *at, enum at_fault fault)
{
    at_conclude(at, fault_result(at, at->call.command, fault));
}

void at_run_next(struct at *at)
{
    next_command(at);
    if (!another(at)) {
        end_line(at, AT_OK);
        return;
    }
    const char *text = buf_bytes(at->text);
    size_t len = buf_len(at->text);
    char first = text[at->next];
    struct found found =
        letter(first) || first == '&' ? basic(at, text, len) : extended(at, text, len);
    if (found.refused != AT_OK) {
        at_conclude(at, found.refused);
    } else if (found.fault < 0) {
        at_conclude(at, call_handler(at, found.form));
    } else {
        at_conclude_fault(at, (enum at_fault)found.fault);
    }
}

bool at_finish(struct at *at, at_ticket ticket, at_result result)
{
    if (!at->running || at->call.ticket != ticket || at->state != AT_STATE_RUNNING ||
        at->continues) {
        return false;
    }
    at_conclude(at, result);
    at_wake(at);
    return true;
}
