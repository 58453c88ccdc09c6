#include "owner.h"

#include <string.h>

static size_t input(void *ctx, const char *bytes, size_t len)
{
    struct owner *owner = ctx;
    size_t taken = len < owner->room ? len : owner->room;
    size_t before = buf_len(&owner->got);
    if (owner->close_at && before + taken >= owner->close_at) {
        taken = owner->close_at - before;
        at_close_stream(owner->lab.at, "NO CARRIER", 3);
    }
    owner->room -= taken;
    buf_add(&owner->got, bytes, taken);
    if (owner->echo) {
        assert_int_equal(at_stream_write(owner->lab.at, bytes, taken), taken);
    }
    return taken;
}

static void silent(void *ctx)
{
    struct owner *owner = ctx;
    buf_add_text(&owner->got, "|");
}

static void writable(void *ctx)
{
    struct owner *owner = ctx;
    owner->writable++;
}

static void left(void *ctx, enum at_stream_left how)
{
    struct owner *owner = ctx;
    owner->left[strlen(owner->left)] = "EGR"[how];
    if (owner->close_when_left && how != AT_LEFT_RESET) {
        at_close_stream(owner->lab.at, "NO CARRIER", 3);
    }
}

static const struct at_stream_events events = {input, silent, writable, left};

static at_result open_now(void *ctx, struct at_call *call)
{
    struct owner *owner = ctx;
    bool opened =
        at_open_stream(call->at, call->ticket, &owner->stream, owner->line, owner->number);
    return opened ? AT_STREAM : 5;
}

static at_result resume(void *ctx, struct at_call *call)
{
    struct owner *owner = ctx;
    bool resumed = at_resume_stream(call->at, call->ticket, owner->line, owner->number);
    return resumed ? AT_STREAM : 6;
}

static at_result hang_up(void *ctx, struct at_call *call)
{
    (void)ctx;
    at_close_stream(call->at, "NO CARRIER", 3);
    return AT_OK;
}

static at_result later(void *ctx, struct at_call *call)
{
    struct owner *owner = ctx;
    owner->lab.ticket = call->ticket;
    return AT_PENDING;
}

static at_result forget(void *ctx, struct at_call *call)
{
    if (open_now(ctx, call) != AT_STREAM) {
        resume(ctx, call);
    }
    return AT_ERROR;
}

static at_result lie(void *ctx, struct at_call *call)
{
    (void)ctx;
    (void)call;
    return AT_STREAM;
}

static at_result show_number(void *ctx, struct at_call *call)
{
    struct owner *owner = ctx;
    owner->lab.ran++;
    at_info(call->at, call->ticket, "[%s]", call->params[0].text);
    return AT_OK;
}

static const struct at_param number[] = {{.name = "number", .type = AT_STRING, .max = 32}};

static const struct at_command rows[] = {
    {.name = "+OPEN", .forms = AT_EXECUTE, .execute = open_now},
    {.name = "+LATER", .forms = AT_EXECUTE, .execute = later},
    {.name = "+FORGET", .forms = AT_EXECUTE, .execute = forget},
    {.name = "+LIE", .forms = AT_EXECUTE, .execute = lie},
    {.name = "O", .flags = AT_BASIC, .forms = AT_EXECUTE, .execute = resume},
    {.name = "H", .flags = AT_BASIC, .forms = AT_EXECUTE, .execute = hang_up},
    {.name = "D",
     .flags = AT_BASIC,
     .forms = AT_EXECUTE,
     AT_PARAMS(number),
     .execute = show_number},
};
static const struct at_table table = {rows, sizeof rows / sizeof *rows};
static const struct at_table *const tables[] = {&table};

static void adjust(struct at_config *config)
{
    config->tables = tables;
}

/* lab_strict, with what a module with transparent links has. */
const struct at_grammar *owner_bare_grammar(void)
{
    static const char *const bare[] = {"ATO", NULL};
    static struct at_grammar grammar;
    grammar = lab_strict;
    grammar.bare_commands = bare;
    grammar.bare_silence_ms = 20;
    grammar.swallow_pluses = true;
    return &grammar;
}

void owner_begin_with(struct owner *owner, const struct at_grammar *grammar)
{
    *owner = (struct owner){.room = SIZE_MAX, .line = "CONNECT", .number = 1};
    owner->stream = (struct at_stream){.events = &events, .ctx = owner, .guard_ms = GUARD};
    lab_open(&owner->lab, grammar, adjust);
}

void owner_begin(struct owner *owner)
{
    owner_begin_with(owner, &lab_strict);
}

/* A stream that is open, with the line silent for long enough. */
void owner_begin_open(struct owner *owner)
{
    owner_begin(owner);
    lab_send(&owner->lab, "AT+OPEN\n");
    lab_expect(&owner->lab, LINE("CONNECT"));
    lab_wait(&owner->lab, 1000);
}

void owner_end(struct owner *owner)
{
    lab_close(&owner->lab);
    buf_free(&owner->got);
}

void owner_expect_got(struct owner *owner, const char *text)
{
    lab_read(&owner->lab);
    assert_string_equal(buf_text(&owner->got), text);
    buf_clear(&owner->got);
}

void owner_expect_state(struct owner *owner, enum at_stream_state state)
{
    assert_int_equal(at_stream_state(owner->lab.at), state);
}
