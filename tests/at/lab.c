#include "lab.h"

#include <stdlib.h>
#include <string.h>

/* ---- commands that show what they were given ---- */

static at_result show(void *ctx, struct at_call *call)
{
    struct lab *lab = ctx;
    const struct at_command *command = call->command;
    struct buf line = {0};
    lab->ran++;
    buf_printf(&line, "%s:", command->name);
    for (size_t i = 0; i < command->param_count + command->tag_count; i++) {
        bool tag = i >= command->param_count;
        size_t n = tag ? i - command->param_count : i;
        const struct at_param *param = tag ? &command->tags[n] : &command->params[n];
        const struct at_value *value = tag ? &call->tags[n] : &call->params[n];
        buf_add_text(&line, i ? "," : "");
        if (!value->present) {
            buf_add_text(&line, "-");
        } else if (param->type == AT_STRING) {
            buf_add_byte(&line, '<');
            buf_add(&line, value->text, value->len);
            buf_add_byte(&line, '>');
        } else {
            buf_printf(&line, "%lld", (long long)value->number);
        }
    }
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
    buf_free(&line);
    return AT_OK;
}

static at_result slow(void *ctx, struct at_call *call)
{
    struct lab *lab = ctx;
    lab->ran++;
    lab->ticket = call->ticket;
    return AT_PENDING;
}

static at_result refuse(void *ctx, struct at_call *call)
{
    (void)ctx;
    (void)call;
    return 7;
}

static at_result raw(void *ctx, struct at_call *call)
{
    (void)ctx;
    at_info(call->at, call->ticket, "+RAW:4");
    at_after_ok(call->at, call->ticket, "\r\nOK", 4);
    return AT_OK;
}

static at_result data(void *ctx, struct at_call *call)
{
    struct lab *lab = ctx;
    lab->ticket = call->ticket;
    size_t len = (size_t)call->params[0].number;
    if (len) {
        at_open_data(call, AT_END_COUNT, len, AT_PROMPT_OK);
    } else {
        at_open_data(call, AT_END_PLUSES, 32, AT_PROMPT_CHEVRON);
    }
    return AT_DATA;
}

static at_result ended_by_sub(void *ctx, struct at_call *call)
{
    struct lab *lab = ctx;
    lab->ticket = call->ticket;
    at_open_data(call, AT_END_SUB, 8, AT_PROMPT_OK_CHEVRON);
    return AT_DATA;
}

static at_result data_in(void *ctx, struct at_call *call, const char *bytes, size_t len)
{
    struct lab *lab = ctx;
    lab->ran++;
    struct buf line = {0};
    buf_printf(&line, "+DATA:%zu:", len);
    buf_add(&line, bytes, len);
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
    buf_free(&line);
    return AT_OK;
}

static bool no_x(const char *bytes, size_t len)
{
    return !memchr(bytes, 'x', len);
}

static at_result guarded(void *ctx, struct at_call *call)
{
    const struct lab *lab = ctx;
    return lab->gate || call->form == AT_TEST ? AT_OK : 9;
}

static const char *const words[] = {"3.1", "3.1.1", NULL};
static const char *const types[] = {"IP", "PPP", NULL};
static const struct at_param number[] = {
    {.name = "n", .type = AT_INT, .min = 1, .max = 9, .lenient_min = 0, .lenient_max = 99},
};
static const struct at_param decimal[] = {
    {.name = "s", .type = AT_DECIMAL, .min = 500, .max = 2000},
};
static const struct at_param word[] = {{.name = "w", .type = AT_CHOICE, .choices = words}};
static const struct at_param exact_word[] = {
    {.name = "w", .type = AT_CHOICE, .choices = types, .flags = AT_CASE},
    {.name = "n", .type = AT_INT, .max = 9, .flags = AT_OPTIONAL | AT_TRIM},
};
static const struct at_param trimmed[] = {
    {.name = "w", .type = AT_CHOICE, .choices = types, .flags = AT_TRIM},
    {.name = "text", .type = AT_STRING, .max = 8, .flags = AT_TRIM},
};
static const struct at_param text[] = {
    {.name = "text", .type = AT_STRING, .min = 1, .max = 8, .valid = no_x},
    {.name = "n", .type = AT_INT, .min = -1, .max = 5, .flags = AT_OPTIONAL},
};
static const struct at_param message[] = {
    {.name = "topic", .type = AT_STRING, .min = 1, .max = 16},
    {.name = "qos", .type = AT_INT, .max = 2},
    {.name = "message", .type = AT_STRING, .max = 64, .flags = AT_FREE},
};
static const struct at_param kept_message[] = {
    {.name = "topic", .type = AT_STRING, .min = 1, .max = 16},
    {.name = "message", .type = AT_STRING, .max = 64, .flags = AT_FREE},
    {.name = "retained", .type = AT_INT, .max = 1, .flags = AT_OPTIONAL},
};
static const struct at_param secret[] = {
    {.name = "user", .type = AT_STRING, .max = 16},
    {.name = "password", .type = AT_STRING, .max = 16, .flags = AT_SECRET},
};
static const struct at_param length[] = {{.name = "len", .type = AT_INT, .max = 16}};
static const struct at_param tags[] = {
    {.name = "TIMEOUT", .type = AT_DECIMAL, .min = 500, .max = 2000},
    {.name = "CLEAN", .type = AT_INT, .max = 1},
    {.name = "VERSION", .type = AT_CHOICE, .choices = words},
};

#define PARAMS(p) .params = (p), .param_count = sizeof(p) / sizeof *(p)

static const struct at_command rows[] = {
    {.name = "+NUM",
     .aliases = "+NUMBER +NR",
     .forms = AT_TEST | AT_READ | AT_SET,
     PARAMS(number),
     .read = show,
     .set = show},
    {.name = "+DEC", .forms = AT_SET, PARAMS(decimal), .set = show},
    {.name = "+WORD", .forms = AT_SET, PARAMS(word), .set = show},
    {.name = "+EXACT", .forms = AT_SET, PARAMS(exact_word), .set = show},
    {.name = "+TRIM", .forms = AT_SET, PARAMS(trimmed), .set = show},
    {.name = "+GUARD",
     .forms = AT_SET | AT_TEST | AT_READ | AT_EXECUTE,
     .guard = guarded,
     PARAMS(number),
     .read = show,
     .set = show,
     .execute = show},
    {.name = "+TEXT", .forms = AT_SET | AT_TEST, PARAMS(text), .test_after = "after", .set = show},
    {.name = "+MSG", .forms = AT_SET, PARAMS(message), .set = show},
    {.name = "+KEEP", .forms = AT_SET, PARAMS(kept_message), .set = show},
    {.name = "+SECRET", .forms = AT_SET | AT_TEST, PARAMS(secret), .set = show},
    {.name = "+PARA",
     .forms = AT_SET | AT_TEST,
     .tags = tags,
     .tag_count = 3,
     .test = "+PARA:literal",
     .set = show},
    {.name = "+SLOW", .forms = AT_EXECUTE | AT_TEST, .execute = slow},
    {.name = "+FAIL", .forms = AT_EXECUTE, .execute = refuse},
    {.name = "+RAW", .forms = AT_READ, .read = raw},
    {.name = "+GATED", .gate = "lab.gate", .forms = AT_EXECUTE, .execute = show},
    {.name = "+REST", .forms = AT_SET, .flags = AT_WHOLE_LINE, PARAMS(message), .set = show},
    {.name = "+DATA", .forms = AT_SET, PARAMS(length), .set = data, .data = data_in},
    {.name = "+SUB", .forms = AT_EXECUTE, .execute = ended_by_sub, .data = data_in},
    {.name = "I", .flags = AT_BASIC, .forms = AT_EXECUTE, .execute = show},
};
static const struct at_table table = {rows, sizeof rows / sizeof *rows};
static const struct at_table *const tables[] = {&table};

/* ---- grammars ---- */

static void word_result(struct buf *out, at_result result, int cmee)
{
    if (result == AT_OK) {
        buf_add_text(out, "OK");
    } else if (result == AT_ERROR || cmee == 0) {
        buf_add_text(out, "ERROR");
    } else {
        buf_printf(out, "+CME ERROR:%d", result);
    }
}

static void word_two_lines(struct buf *out, at_result result, int cmee)
{
    if (result > 0 && cmee) {
        buf_printf(out, "+EXT ERROR: %d\nFAIL", result);
    } else {
        word_result(out, result, 0);
    }
}

static int result_number(at_result result, int cmee)
{
    return result == AT_OK ? 0 : result == AT_ERROR || cmee == 0 ? 4 : -1;
}

static void describe(struct buf *out, const struct at_command *command)
{
    for (size_t i = 0; i < command->param_count; i++) {
        buf_printf(out, "%s%s\"%s\"", i ? "," : command->name, i ? "" : ":",
                   command->params[i].name);
    }
}

const struct at_grammar lab_strict = {
    .name = "strict",
    .line_max = 64,
    .quotes = true,
    .escapes = "\"",
    .free_text = AT_FREE_NONE,
    .free_text_lenient = AT_FREE_LAST_QUOTE,
    .backspace_edits = true,
    .cmee = 1,
    .lf_rule = AT_LF_WAIT,
    .lf_wait_ms = 10,
    .chevron = LINE(">"),
    .colon = ":",
    .drop_silence_ms = 1000,
    .faults =
        {
            [AT_FAULT_NOT_AT] = AT_ERROR,
            [AT_FAULT_LINE_TOO_LONG] = AT_ERROR,
            [AT_FAULT_UNKNOWN] = AT_ERROR,
            [AT_FAULT_FORM] = 4,
            [AT_FAULT_MISSING] = 51,
            [AT_FAULT_EXTRA] = 52,
            [AT_FAULT_EMPTY] = 53,
            [AT_FAULT_SYNTAX] = 54,
            [AT_FAULT_RANGE] = 55,
            [AT_FAULT_TOO_LONG] = 24,
            [AT_FAULT_QUOTE] = 25,
            [AT_FAULT_INVALID] = 56,
            [AT_FAULT_TAG] = 57,
            [AT_FAULT_DATA_TIMEOUT] = 58,
            [AT_FAULT_DATA_TOO_LONG] = 59,
            [AT_FAULT_DATA_CANCELLED] = 60,
        },
    .word = word_result,
    .number = result_number,
    .test = describe,
};

const struct at_grammar lab_loose = {
    .name = "loose",
    .line_max = 128,
    .separator = ';',
    .quotes = true,
    .bare_blanks = true,
    .escapes = "\"\\nr",
    .open_quote_closes = true,
    .bare_e = 1,
    .lf_rule = AT_LF_NEVER,
    .chevron = "\r\n>",
    .colon = ": ",
    .drop_silence_ms = 1000,
    .faults =
        {
            [AT_FAULT_NOT_AT] = AT_ERROR,
            [AT_FAULT_LINE_TOO_LONG] = AT_ERROR,
            [AT_FAULT_UNKNOWN] = AT_ERROR,
            [AT_FAULT_FORM] = 3,
            [AT_FAULT_MISSING] = 1,
            [AT_FAULT_EXTRA] = 1,
            [AT_FAULT_EMPTY] = 1,
            [AT_FAULT_SYNTAX] = 1,
            [AT_FAULT_RANGE] = 1,
            [AT_FAULT_TOO_LONG] = 24,
            [AT_FAULT_QUOTE] = 1,
            [AT_FAULT_INVALID] = 1,
            [AT_FAULT_TAG] = 1,
            [AT_FAULT_DATA_TIMEOUT] = 1,
            [AT_FAULT_DATA_TOO_LONG] = 1,
            [AT_FAULT_DATA_CANCELLED] = 1,
        },
    .word = word_two_lines,
    .number = result_number,
    .test = describe,
};

/* ---- the bench ---- */

static bool gate_open(void *ctx, const char *gate)
{
    struct lab *lab = ctx;
    return lab->gate && strcmp(gate, "lab.gate") == 0;
}

static void trace(void *ctx, enum at_trace what, const char *bytes, size_t len)
{
    struct lab *lab = ctx;
    buf_add_text(&lab->trace, what == AT_TRACE_IN ? ">" : "<");
    buf_add(&lab->trace, bytes, len);
    buf_add_byte(&lab->trace, '\n');
}

static void tap(void *ctx, const char *bytes, size_t len)
{
    struct lab *lab = ctx;
    buf_add(&lab->tap, bytes, len);
}

static void warn(void *ctx, const char *what)
{
    struct lab *lab = ctx;
    assert_non_null(what);
    lab->warnings++;
}

static void wake(void *ctx)
{
    struct lab *lab = ctx;
    lab->wakes++;
}

static void console_done(void *ctx, bool ok, uint64_t first, uint64_t last)
{
    struct lab *lab = ctx;
    buf_printf(&lab->ends, "%d-%d %s,", (int)first, (int)last, ok ? "ok" : "bad");
}

void lab_open(struct lab *lab, const struct at_grammar *grammar,
              void (*adjust)(struct at_config *config))
{
    *lab = (struct lab){.now = 1000000};
    struct at_config config = {
        .grammar = grammar,
        .tables = tables,
        .table_count = 1,
        .ctx = lab,
        .hooks_ctx = lab,
        .enabled = gate_open,
        .trace = trace,
        .tap = tap,
        .wake = wake,
        .console_done = console_done,
        .warn = warn,
        .echo = grammar == &lab_loose,
        .data_timeout_ms = 10000,
        .guard_ms = 50,
    };
    if (adjust) {
        adjust(&config);
    }
    lab->at = at_create(&config);
    at_host_came(lab->at, lab->now);
}

void lab_close(struct lab *lab)
{
    at_destroy(lab->at);
    buf_free(&lab->out);
    buf_free(&lab->trace);
    buf_free(&lab->tap);
    buf_free(&lab->ends);
}

void lab_read(struct lab *lab)
{
    lab->wakes = 0;
    at_tick(lab->at, lab->now);
    size_t len;
    const char *bytes;
    while (!lab->not_reading && (bytes = at_output(lab->at, &len), len)) {
        buf_add(&lab->out, bytes, len);
        at_output_written(lab->at, len, lab->now);
    }
}

void lab_send_bytes(struct lab *lab, const char *bytes, size_t len)
{
    while (len) {
        size_t room = at_input_room(lab->at);
        size_t piece = len < room ? len : room;
        at_feed(lab->at, bytes, piece, lab->now);
        lab_read(lab);
        bytes += piece;
        len -= piece;
        if (!piece) {
            break;
        }
    }
}

void lab_send(struct lab *lab, const char *input)
{
    lab_send_bytes(lab, input, strlen(input));
}

void lab_wait(struct lab *lab, at_time ms)
{
    at_time until = lab->now + ms;
    while (at_deadline(lab->at) <= until) {
        at_time due = at_deadline(lab->at);
        lab->now = due > lab->now ? due : lab->now;
        at_tick(lab->at, lab->now);
        lab_read(lab);
    }
    lab->now = until;
    lab_read(lab);
}

void lab_expect_bytes(struct lab *lab, const char *bytes, size_t len)
{
    lab_read(lab);
    if (buf_len(&lab->out) != len || memcmp(buf_bytes(&lab->out), bytes, len) != 0) {
        print_error("expected [%.*s]\n     got [%s]\n", (int)len, bytes, buf_text(&lab->out));
        fail_msg("the host got something else");
    }
    buf_clear(&lab->out);
}

void lab_expect(struct lab *lab, const char *expected)
{
    lab_expect_bytes(lab, expected, strlen(expected));
}

void lab_dialogue(const struct at_grammar *grammar, void (*adjust)(struct at_config *config),
                  const char *input, const char *expected)
{
    size_t len = strlen(input);
    for (size_t cut = 0; cut <= len; cut++) {
        struct lab lab;
        lab_open(&lab, grammar, adjust);
        lab_send_bytes(&lab, input, cut);
        lab_send_bytes(&lab, input + cut, len - cut);
        lab_expect(&lab, expected);
        lab_close(&lab);
    }
    struct lab lab;
    lab_open(&lab, grammar, adjust);
    for (size_t i = 0; i < len; i++) {
        lab_send_bytes(&lab, input + i, 1);
    }
    lab_expect(&lab, expected);
    lab_close(&lab);
}
