/* The interpreter under each dialect's grammar and command tables, with handlers that check what
 * they are given. First byte: the dialect; second: switches; then what the host sends, with
 * operations between. All of it runs twice, once in runs and once byte by byte: what goes out must
 * be the same. */
#include "at/at.h"

#include <string.h>

#include "at/stream.h"
#include "base/buf.h"
#include "base/mem.h"
#include "dialect/dialect.h"
#include "tests/fuzz/fuzz.h"

enum {                    /* bytes that no text has */
       OP_LITERAL = 0xf6, /* the next byte is sent as it is */
       OP_TIME,           /* passes, in units of 50 ms */
       OP_OUTCOME,        /* of the handlers from now on */
       OP_FINISH,         /* the pending command */
       OP_URC,
       OP_HOST, /* comes or goes */
       OP_CONSOLE,
       OP_STREAM,
       OP_RESTART,
};

struct lab {
    struct at *at;
    at_time now;
    const struct at_grammar *grammar;
    at_ticket ticket;
    uint8_t outcome;
    bool lenient, present;
    struct buf *out;
};

/* ---- what handlers are promised ---- */

static void check_number(const struct lab *lab, const struct at_param *param, int64_t number)
{
    bool wide = lab->lenient && (param->lenient_min || param->lenient_max);
    FUZZ_HOLDS(number >= (wide ? param->lenient_min : param->min));
    FUZZ_HOLDS(number <= (wide ? param->lenient_max : param->max));
}

static void check_value(const struct lab *lab, const struct at_param *param,
                        const struct at_value *value)
{
    if (!value->present) {
        return;
    }
    switch (param->type) {
    case AT_INT:
    case AT_DECIMAL:
        check_number(lab, param, value->number);
        break;
    case AT_CHOICE:
        FUZZ_HOLDS(value->number >= 0);
        for (int64_t i = 0; i <= value->number; i++) {
            FUZZ_HOLDS(param->choices[i]);
        }
        break;
    case AT_STRING:
        FUZZ_HOLDS(value->text && value->text[value->len] == '\0');
        check_number(lab, param, (int64_t)value->len);
        FUZZ_HOLDS(!param->valid || param->valid(value->text, value->len));
        break;
    }
}

static void check_call(const struct lab *lab, const struct at_call *call)
{
    const struct at_command *command = call->command;
    FUZZ_HOLDS(call->at == lab->at);
    FUZZ_HOLDS(command->forms & call->form);
    for (size_t i = 0; call->form == AT_SET && i < command->param_count; i++) {
        FUZZ_HOLDS(call->params[i].present || command->params[i].flags & AT_OPTIONAL);
        check_value(lab, &command->params[i], &call->params[i]);
    }
    for (size_t i = 0; i < command->tag_count; i++) {
        check_value(lab, &command->tags[i], &call->tags[i]);
    }
    for (size_t i = command->param_count; i < AT_PARAMS_MAX; i++) {
        FUZZ_HOLDS(!call->params[i].present);
    }
    for (size_t i = command->tag_count; i < AT_TAGS_MAX; i++) {
        FUZZ_HOLDS(!call->tags[i].present);
    }
}

/* ---- handlers ---- */

static size_t stream_input(void *ctx, const char *bytes, size_t len)
{
    (void)bytes;
    const struct lab *lab = ctx;
    return lab->outcome & 0x80 ? 0 : len;
}

static void stream_left(void *ctx, enum at_stream_left how)
{
    (void)ctx;
    (void)how;
}

static const struct at_stream_events stream_events = {.input = stream_input, .left = stream_left};

/* One that the dialect has words for. */
static at_result code(const struct lab *lab, uint8_t number)
{
    return lab->grammar->faults[number % AT_FAULT_COUNT];
}

static at_result data_phase(const struct lab *lab, struct at_call *call)
{
    static const enum at_data_end ends[] = {AT_END_COUNT, AT_END_PLUSES, AT_END_SUB};
    if (!call->command->data) {
        return AT_OK;
    }
    at_open_data(call, ends[lab->outcome / 8 % 3], lab->outcome / 8,
                 (enum at_prompt)(lab->outcome / 8 % 3));
    return AT_DATA;
}

static at_result stream(struct lab *lab, struct at_call *call)
{
    const struct at_stream options = {
        .events = &stream_events,
        .ctx = lab,
        .guard_ms = lab->outcome & 8 ? 1000 : 0,
        .prompt = lab->outcome & 16,
        .escape_ok = lab->outcome & 32,
        .stays = lab->outcome & 64,
    };
    bool open = at_stream_state(lab->at) == AT_STREAM_SUSPENDED
                    ? at_resume_stream(lab->at, call->ticket, "CONNECT", 1)
                    : at_open_stream(lab->at, call->ticket, &options, "CONNECT", 1);
    return open ? AT_STREAM : AT_ERROR;
}

static at_result run(void *ctx, struct at_call *call)
{
    struct lab *lab = ctx;
    check_call(lab, call);
    switch (lab->outcome % 8) {
    case 0:
        at_info(call->at, call->ticket, "%s: info", call->command->name);
        return AT_OK;
    case 1:
        return AT_ERROR;
    case 2:
        return code(lab, lab->outcome / 8);
    case 3:
        lab->ticket = call->ticket;
        return AT_PENDING;
    case 4:
        lab->ticket = call->ticket;
        return data_phase(lab, call);
    case 5:
        return stream(lab, call);
    case 6:
        at_after_ok(call->at, call->ticket, "after", 5);
        return AT_OK;
    default:
        return AT_OK;
    }
}

static at_result run_guard(void *ctx, struct at_call *call)
{
    const struct lab *lab = ctx;
    FUZZ_HOLDS(call->at == lab->at && call->command->forms & call->form);
    return lab->outcome == 0xff ? AT_ERROR : AT_OK;
}

static at_result run_data(void *ctx, struct at_call *call, const char *bytes, size_t len)
{
    const struct lab *lab = ctx;
    check_call(lab, call);
    FUZZ_HOLDS(bytes && len <= (size_t)lab->outcome / 8 + 32);
    at_info_bytes(call->at, call->ticket, bytes, len, false);
    return AT_OK;
}

/* ---- tables: the dialect's own, but for their handlers ---- */

static at_handler replaced(at_handler handler)
{
    return handler ? run : NULL;
}

static struct at_table *copy_table(const struct at_table *table)
{
    struct at_command *rows = mem_zeroed(table->count * sizeof *rows);
    for (size_t i = 0; i < table->count; i++) {
        rows[i] = table->rows[i];
        rows[i].describe = replaced(rows[i].describe);
        rows[i].read = replaced(rows[i].read);
        rows[i].set = replaced(rows[i].set);
        rows[i].execute = replaced(rows[i].execute);
        rows[i].guard = rows[i].guard ? run_guard : NULL;
        rows[i].data = rows[i].data ? run_data : NULL;
    }
    struct at_table *copy = mem_zeroed(sizeof *copy);
    *copy = (struct at_table){rows, table->count};
    return copy;
}

static void free_tables(struct at_table **tables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((void *)tables[i]->rows);
        free(tables[i]);
    }
    free(tables);
}

static bool all_enabled(void *ctx, const char *gate)
{
    (void)ctx;
    (void)gate;
    return true;
}

/* ---- a run ---- */

static void drain(struct lab *lab)
{
    size_t len;
    const char *bytes;
    while (bytes = at_output(lab->at, &len), len) {
        buf_add(lab->out, bytes, len);
        at_output_written(lab->at, len, lab->now);
    }
}

static void feed(struct lab *lab, const uint8_t *bytes, size_t len, size_t step)
{
    while (lab->present && len) {
        size_t room = at_input_room(lab->at);
        size_t now = len < step ? len : step;
        if (room < now) {
            return;
        }
        at_feed(lab->at, (const char *)bytes, now, lab->now);
        bytes += now;
        len -= now;
    }
}

static void pass_time(struct lab *lab, at_time duration)
{
    at_time end = lab->now + duration;
    for (unsigned rounds = 0; at_deadline(lab->at) <= end; rounds++) {
        FUZZ_HOLDS(rounds < 1000); /* a deadline that stays is a loop that spins */
        at_time deadline = at_deadline(lab->at);
        lab->now = deadline > lab->now ? deadline : lab->now;
        at_tick(lab->at, lab->now);
        drain(lab);
    }
    lab->now = end;
    at_tick(lab->at, lab->now);
}

static void use_stream(struct lab *lab, uint8_t how)
{
    if (how % 4 == 0) {
        at_close_stream(lab->at, how & 4 ? "NO CARRIER" : NULL, 3);
    } else if (how % 4 == 1) {
        at_stream_write(lab->at, "+++stream", how % 9);
    } else if (how % 4 == 2) {
        at_stream_ready(lab->at);
    } else {
        const struct at_stream options = {.events = &stream_events, .ctx = lab, .guard_ms = 500};
        at_open_stream(lab->at, 0, &options, "CONNECT", -1);
    }
}

static void operate(struct lab *lab, uint8_t op, struct fuzz_input *input)
{
    uint8_t value = fuzz_byte(input);
    switch (op) {
    case OP_TIME:
        pass_time(lab, value * 50);
        break;
    case OP_OUTCOME:
        lab->outcome = value;
        break;
    case OP_FINISH:
        at_finish(lab->at, lab->ticket, value < 250 ? code(lab, value) : AT_OK);
        break;
    case OP_URC:
        at_urc_line(lab->at, "+URC: %d", value);
        break;
    case OP_HOST:
        lab->present = value & 1;
        if (lab->present) {
            at_host_came(lab->at, lab->now);
        } else {
            at_host_gone(lab->at, lab->now);
        }
        break;
    case OP_CONSOLE: {
        size_t len = value < input->len ? value : input->len;
        at_console_line(lab->at, (const char *)input->bytes, len);
        input->bytes += len;
        input->len -= len;
        break;
    }
    case OP_STREAM:
        use_stream(lab, value);
        break;
    default:
        if (value & 1) {
            at_cut(lab->at);
        }
        at_restart(lab->at);
        break;
    }
    at_tick(lab->at, lab->now);
    drain(lab);
}

static void trace(void *ctx, enum at_trace what, const char *text, size_t len)
{
    (void)ctx;
    (void)what;
    FUZZ_HOLDS(text || !len);
}

static void tap(void *ctx, const char *bytes, size_t len)
{
    trace(ctx, AT_TRACE_OUT, bytes, len);
}

static void play(struct lab *lab, struct fuzz_input input, size_t step)
{
    while (input.len) {
        size_t run_len = 0;
        while (run_len < input.len &&
               (input.bytes[run_len] < OP_LITERAL || input.bytes[run_len] > OP_RESTART)) {
            run_len++;
        }
        feed(lab, input.bytes, run_len, step);
        drain(lab);
        input.bytes += run_len;
        input.len -= run_len;
        uint8_t op = fuzz_byte(&input);
        if (op == OP_LITERAL) {
            uint8_t byte = fuzz_byte(&input);
            feed(lab, &byte, 1, 1);
            drain(lab);
        } else if (op) {
            operate(lab, op, &input);
        }
    }
    pass_time(lab, 1000);
    drain(lab);
}

static void run_once(const struct at_config *config, struct fuzz_input input, size_t step,
                     struct buf *out)
{
    struct lab lab = {.grammar = config->grammar,
                      .lenient = config->lenient,
                      .present = true,
                      .out = out,
                      .now = 1000};
    lab.at = at_create(config);
    at_set_context(lab.at, &lab);
    at_set_tracing(lab.at, true);
    at_set_tapped(lab.at, true);
    at_host_came(lab.at, lab.now);
    play(&lab, input, step);
    at_destroy(lab.at);
}

void fuzz_at(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    const struct dialect *dialect = fuzz_dialect(&input);
    uint8_t switches = fuzz_byte(&input);
    struct at_table **tables = mem_zeroed(dialect->table_count * sizeof(struct at_table *));
    for (size_t i = 0; i < dialect->table_count; i++) {
        tables[i] = copy_table(dialect->tables[i]);
    }
    const struct at_config config = {
        .grammar = dialect->grammar,
        .tables = (const struct at_table *const *)tables,
        .table_count = dialect->table_count,
        .enabled = all_enabled,
        .trace = trace,
        .tap = tap,
        .echo = switches & 1,
        .lenient = switches & 2,
        .backlog = switches & 4 ? 100 : 0,
        .data_timeout_ms = 2000,
        .guard_ms = switches & 8 ? 500 : 0,
    };
    struct buf whole = {0};
    struct buf single = {0};
    run_once(&config, input, SIZE_MAX, &whole);
    run_once(&config, input, 1, &single);
    FUZZ_HOLDS(buf_len(&whole) == buf_len(&single));
    FUZZ_HOLDS(memcmp(buf_bytes(&whole), buf_bytes(&single), buf_len(&whole)) == 0);
    buf_free(&whole);
    buf_free(&single);
    free_tables(tables, dialect->table_count);
}
