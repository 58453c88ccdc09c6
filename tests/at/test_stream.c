/* Stream mode: every byte value, runs cut anywhere, the way out just under and just over its guard
 * time, bursts, back pressure both ways, hosts and owners that go. */
#include "lab.h"

#include <string.h>

#include "at/stream.h"

/* The owner of the stream. */
struct owner {
    struct lab lab; /* first: the handlers' context */
    struct at_stream stream;
    struct buf got;       /* from the host; "|" where a burst ended */
    size_t room;          /* how much input() takes in all */
    size_t close_at;      /* input() closes the stream at this byte; 0: never */
    bool echo;            /* input() gives back what it gets */
    int writable;         /* calls */
    char left[8];         /* E, G, R for each */
    bool close_when_left; /* and then it closes it */
    const char *line;
    int number;
};

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

enum { GUARD = 20 };

static void adjust(struct at_config *config)
{
    config->tables = tables;
}

/* lab_strict, with what a module with transparent links has. */
static const struct at_grammar *bare_grammar(void)
{
    static const char *const bare[] = {"ATO", NULL};
    static struct at_grammar grammar;
    grammar = lab_strict;
    grammar.bare_commands = bare;
    grammar.bare_silence_ms = 20;
    grammar.swallow_pluses = true;
    return &grammar;
}

static void begin_with(struct owner *owner, const struct at_grammar *grammar)
{
    *owner = (struct owner){.room = SIZE_MAX, .line = "CONNECT", .number = 1};
    owner->stream = (struct at_stream){.events = &events, .ctx = owner, .guard_ms = GUARD};
    lab_open(&owner->lab, grammar, adjust);
}

static void begin(struct owner *owner)
{
    begin_with(owner, &lab_strict);
}

/* A stream that is open, with the line silent for long enough. */
static void begin_open(struct owner *owner)
{
    begin(owner);
    lab_send(&owner->lab, "AT+OPEN\n");
    lab_expect(&owner->lab, LINE("CONNECT"));
    lab_wait(&owner->lab, 1000);
}

static void end(struct owner *owner)
{
    lab_close(&owner->lab);
    buf_free(&owner->got);
}

static void expect_got(struct owner *owner, const char *text)
{
    lab_read(&owner->lab);
    assert_string_equal(buf_text(&owner->got), text);
    buf_clear(&owner->got);
}

static void expect_state(struct owner *owner, enum at_stream_state state)
{
    assert_int_equal(at_stream_state(owner->lab.at), state);
}

/* ---- what passes ---- */

static void test_every_byte_value(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    char all[512];
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (char)i;
    }
    lab_send_bytes(&owner.lab, all, sizeof all);
    assert_int_equal(buf_len(&owner.got), sizeof all);
    assert_memory_equal(buf_bytes(&owner.got), all, sizeof all);
    buf_clear(&owner.got);
    for (size_t i = 0; i < 256; i++) { /* each of them alone, too, behind silence */
        lab_wait(&owner.lab, GUARD);
        lab_send_bytes(&owner.lab, all + i, 1);
        lab_wait(&owner.lab, GUARD);
    }
    assert_int_equal(buf_len(&owner.got), 256);
    assert_memory_equal(buf_bytes(&owner.got), all, 256);
    assert_int_equal(at_stream_write(owner.lab.at, all, sizeof all), sizeof all);
    lab_expect_bytes(&owner.lab, all, sizeof all);
    end(&owner);
}

/* One dialogue with its silences, cut at each byte. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    static const struct {
        at_time after;
        const char *bytes;
    } parts[] = {
        {0, "AT+OPEN\r\n"}, {0, "AT\r+++"},  {30, "+++x"}, {30, "++"},  {19, "++"},
        {5, "a+++"},        {40, "+++\r\n"}, {20, "++++"}, {20, "+++"}, {20, "AT\rATO\rb"},
    };
    size_t total = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        total += strlen(parts[i].bytes);
    }
    for (size_t cut = 0; cut <= total + 1; cut++) {
        struct owner owner;
        begin(&owner);
        size_t at = 0;
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            const char *bytes = parts[i].bytes;
            size_t len = strlen(bytes);
            lab_wait(&owner.lab, parts[i].after);
            for (size_t k = 0; cut > total && k < len; k++) { /* the last round: each byte alone */
                lab_send_bytes(&owner.lab, bytes + k, 1);
            }
            size_t first = cut > at && cut < at + len ? cut - at : len;
            if (cut <= total) {
                lab_send_bytes(&owner.lab, bytes, first);
                lab_send_bytes(&owner.lab, bytes + first, len - first);
            }
            at += len;
        }
        lab_expect(&owner.lab, LINE("CONNECT") OK LINE("CONNECT"));
        expect_got(&owner, "AT\r++++++x++++a++++++\r\n++++b");
        assert_string_equal(owner.left, "E");
        end(&owner);
    }
}

static void test_line_feed_of_the_command(void **state)
{
    (void)state;
    struct owner owner;
    begin(&owner);
    lab_send(&owner.lab, "AT+OPEN\r");
    lab_expect(&owner.lab, "");
    lab_wait(&owner.lab, 9);
    lab_expect(&owner.lab, "");
    lab_send(&owner.lab, "\n\n");
    lab_expect(&owner.lab, LINE("CONNECT"));
    expect_got(&owner, "\n");
    end(&owner);

    begin(&owner);
    lab_send(&owner.lab, "AT+OPEN\r");
    lab_wait(&owner.lab, 10);
    lab_expect(&owner.lab, LINE("CONNECT"));
    lab_send(&owner.lab, "\n"); /* too late */
    expect_got(&owner, "\n");
    end(&owner);

    begin(&owner);
    lab_send(&owner.lab, "AT+OPEN\rx");
    lab_expect(&owner.lab, LINE("CONNECT"));
    expect_got(&owner, "x");
    end(&owner);

    begin(&owner);
    lab_send(&owner.lab, "AT+OPEN\n\n\nx"); /* no CR: none of them */
    expect_got(&owner, "\n\nx");
    end(&owner);

    begin_with(&owner, &lab_loose); /* however late */
    lab_send(&owner.lab, "AT+OPEN\r");
    lab_expect(&owner.lab, "AT+OPEN\r" LINE("CONNECT"));
    lab_wait(&owner.lab, 5000);
    lab_send(&owner.lab, "\n\n"); /* and no echo */
    lab_expect(&owner.lab, "");
    expect_got(&owner, "\n");
    end(&owner);
}

static void test_words(void **state)
{
    (void)state;
    struct owner owner;
    begin(&owner);
    lab_send(&owner.lab, "ATV0\nAT+OPEN\n");
    lab_expect(&owner.lab, "0\r1\r");
    at_close_stream(owner.lab.at, "NO CARRIER", 3);
    lab_expect(&owner.lab, "3\r");
    owner.number = -1;
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_expect(&owner.lab, "CONNECT\r\n");
    at_close_stream(owner.lab.at, NULL, 0);
    lab_send(&owner.lab, "ATQ1V1\nAT+OPEN\nx");
    lab_expect(&owner.lab, "");
    expect_got(&owner, "x");
    at_close_stream(owner.lab.at, "NO CARRIER", 3);
    lab_expect(&owner.lab, "");
    lab_send(&owner.lab, "ATQ0\n");
    owner.line = NULL;
    lab_send(&owner.lab, "AT+OPEN\nx");
    lab_expect(&owner.lab, OK);
    expect_got(&owner, "x");
    lab_send(&owner.lab, "AT\r"); /* data */
    lab_expect(&owner.lab, "");
    end(&owner);
}

/* ---- the way out ---- */

static void test_guard(void **state)
{
    (void)state;
    static const struct {
        at_time before, after;
        const char *bytes, *data;
        bool out;
    } cases[] = {
        {20, 20, "+++", "a", true},         {19, 20, "+++", "a+++", false},
        {20, 19, "+++", "a", false},        {20, 20, "++++", "a++++", false},
        {20, 20, "++", "a++", false},       {20, 20, "+++b", "a+++b", false},
        {20, 20, "b+++", "ab+++", false},   {5000, 20, "+++", "a", true},
        {20, 20, "+++\r", "a+++\r", false}, {20, 20, "+", "a+", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct owner owner;
        begin_open(&owner);
        lab_send(&owner.lab, "a");
        lab_wait(&owner.lab, cases[i].before);
        lab_send(&owner.lab, cases[i].bytes);
        lab_wait(&owner.lab, cases[i].after);
        expect_got(&owner, cases[i].data);
        expect_state(&owner, cases[i].out ? AT_STREAM_SUSPENDED : AT_STREAM_OPEN);
        assert_string_equal(owner.left, cases[i].out ? "E" : "");
        if (strcmp(cases[i].bytes, "+++") == 0 && !cases[i].out && cases[i].before == 20) {
            lab_send(&owner.lab, "b"); /* just under: all of it is data */
            expect_got(&owner, "+++b");
        }
        end(&owner);
    }
}

static void test_pluses_one_by_one(void **state)
{
    (void)state;
    for (int gap = GUARD - 1; gap <= GUARD; gap++) {
        struct owner owner;
        begin_open(&owner);
        for (int i = 0; i < 3; i++) {
            lab_wait(&owner.lab, i ? gap : 0);
            lab_send(&owner.lab, "+");
        }
        lab_wait(&owner.lab, GUARD);
        expect_got(&owner, gap < GUARD ? "" : "+++");
        expect_state(&owner, gap < GUARD ? AT_STREAM_SUSPENDED : AT_STREAM_OPEN);
        end(&owner);
    }
}

/* Bytes that come at the very moment when the guard time is over, before a tick. */
static void test_line_right_behind_the_guard(void **state)
{
    (void)state;
    for (int late = 0; late <= 1; late++) {
        struct owner owner;
        begin_open(&owner);
        lab_send(&owner.lab, "+++");
        owner.lab.now += GUARD - 1 + late;
        lab_send(&owner.lab, "AT\r");
        lab_expect(&owner.lab, late ? OK : "");
        expect_got(&owner, late ? "" : "+++AT\r");
        end(&owner);
    }
}

static void test_nothing_is_held_longer_than_needed(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    lab_send(&owner.lab, "a+++"); /* no silence before: nothing to wait for */
    expect_got(&owner, "a+++");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "+");
    expect_got(&owner, "");
    lab_send(&owner.lab, "1");
    expect_got(&owner, "+1");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "++");
    lab_wait(&owner.lab, GUARD - 1);
    expect_got(&owner, "");
    lab_wait(&owner.lab, 1);
    expect_got(&owner, "++");
    end(&owner);
}

static void test_command_line_is_no_silence(void **state)
{
    (void)state;
    for (int gap = GUARD - 1; gap <= GUARD; gap++) {
        struct owner owner;
        begin(&owner);
        lab_send(&owner.lab, "AT+OPEN\n");
        lab_wait(&owner.lab, gap);
        lab_send(&owner.lab, "+++");
        lab_wait(&owner.lab, GUARD);
        expect_got(&owner, gap < GUARD ? "+++" : "");
        end(&owner);
    }
}

static void test_no_way_out(void **state)
{
    (void)state;
    struct owner owner;
    begin(&owner);
    owner.stream.guard_ms = 0;
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_wait(&owner.lab, 1000);
    lab_send(&owner.lab, "+++");
    expect_got(&owner, "+++");
    lab_wait(&owner.lab, 100000);
    expect_state(&owner, AT_STREAM_OPEN);
    end(&owner);
}

static void test_out_and_back(void **state)
{
    (void)state;
    struct owner owner;
    begin(&owner);
    owner.stream.escape_ok = true;
    lab_send(&owner.lab, "ATO\rAT+OPEN\n");
    lab_expect(&owner.lab, LINE("+CME ERROR:6") LINE("CONNECT"));
    lab_wait(&owner.lab, GUARD);
    at_urc_line(owner.lab.at, "+U");
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_expect(&owner.lab, OK LINE("+U"));
    assert_int_equal(at_stream_write(owner.lab.at, "x", 1), 0);
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_expect(&owner.lab, LINE("+CME ERROR:5"));
    lab_send(&owner.lab, "ATO\ny");
    lab_expect(&owner.lab, LINE("CONNECT"));
    assert_int_equal(owner.writable, 1);
    assert_int_equal(at_stream_write(owner.lab.at, "x", 1), 1);
    lab_expect(&owner.lab, "x");
    expect_got(&owner, "y");
    end(&owner);
}

/* ---- bursts ---- */

static void test_bursts(void **state)
{
    (void)state;
    struct owner owner;
    begin(&owner);
    owner.stream.burst_ms = 20;
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_wait(&owner.lab, 1000);
    expect_got(&owner, "");
    lab_send(&owner.lab, "ab");
    lab_wait(&owner.lab, 19);
    lab_send(&owner.lab, "c");
    lab_wait(&owner.lab, 19);
    expect_got(&owner, "abc");
    lab_wait(&owner.lab, 1);
    expect_got(&owner, "|");
    lab_wait(&owner.lab, 1000);
    expect_got(&owner, "");
    lab_send(&owner.lab, "d");
    owner.lab.now += 20; /* without a tick */
    lab_send(&owner.lab, "e");
    expect_got(&owner, "d|e");
    lab_wait(&owner.lab, 20);
    lab_send(&owner.lab, "+"); /* held, then a burst of its own */
    lab_wait(&owner.lab, 20);
    expect_got(&owner, "|+|");
    owner.room = 0;
    lab_send(&owner.lab, "f");
    assert_true(at_deadline(owner.lab.at) == AT_NEVER); /* it ends when it is taken */
    lab_wait(&owner.lab, 20);
    owner.room = SIZE_MAX;
    at_stream_ready(owner.lab.at);
    lab_wait(&owner.lab, 20);
    expect_got(&owner, "f|");
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, 20);
    expect_got(&owner, "");
    assert_string_equal(owner.left, "E");
    end(&owner);
}

static void test_burst_longer_than_the_guard(void **state)
{
    (void)state;
    struct owner owner;
    begin(&owner);
    owner.stream.burst_ms = 50;
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_wait(&owner.lab, 1000);
    lab_send(&owner.lab, "a");
    lab_wait(&owner.lab, 20);
    lab_send(&owner.lab, "+"); /* held for 20, and of the same burst */
    lab_wait(&owner.lab, 49);
    expect_got(&owner, "a+");
    lab_wait(&owner.lab, 1);
    expect_got(&owner, "|");
    lab_send(&owner.lab, "b");
    lab_wait(&owner.lab, 20);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, 20);
    expect_got(&owner, "b|"); /* nothing is left unfinished behind the way out */
    assert_string_equal(owner.left, "E");
    end(&owner);
}

/* ---- back pressure ---- */

static void test_input_that_is_not_taken(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    owner.room = 3;
    lab_send(&owner.lab, "abcdef");
    expect_got(&owner, "abc");
    lab_wait(&owner.lab, 100);
    lab_send(&owner.lab, "gh");
    expect_got(&owner, "");
    owner.room = 100;
    at_stream_ready(owner.lab.at);
    assert_true(owner.lab.wakes > 0);
    expect_got(&owner, "defgh");

    owner.room = 0; /* the bound, then the port is no longer read */
    static char many[AT_INPUT_MAX + 1000];
    memset(many, 'm', sizeof many);
    lab_send_bytes(&owner.lab, many, sizeof many);
    assert_int_equal(at_input_room(owner.lab.at), 0);
    lab_wait(&owner.lab, 100000);
    owner.room = SIZE_MAX;
    at_stream_ready(owner.lab.at);
    lab_read(&owner.lab);
    assert_int_equal(buf_len(&owner.got), AT_INPUT_MAX);
    assert_int_equal(at_input_room(owner.lab.at), AT_INPUT_MAX);
    buf_clear(&owner.got);
    lab_send(&owner.lab, "+++"); /* the line was not read: no silence before it */
    lab_wait(&owner.lab, GUARD);
    expect_got(&owner, "+++");
    expect_state(&owner, AT_STREAM_OPEN);
    end(&owner);
}

static void test_what_waits_goes_on_while_suspended(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    owner.room = 1;
    lab_send(&owner.lab, "abc");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    expect_state(&owner, AT_STREAM_SUSPENDED);
    lab_send(&owner.lab, "AT\r");
    lab_expect(&owner.lab, OK);
    owner.room = 1;
    at_stream_ready(owner.lab.at);
    expect_got(&owner, "ab");
    lab_send(&owner.lab, "ATO\nde");
    expect_got(&owner, "");
    owner.room = 10;
    at_stream_ready(owner.lab.at);
    expect_got(&owner, "cde");
    end(&owner);
}

static void test_output_that_is_not_read(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    static char many[AT_OUTPUT_MAX + 1000];
    memset(many, 'm', sizeof many);
    owner.lab.not_reading = true;
    assert_int_equal(at_stream_write(owner.lab.at, many, sizeof many), AT_OUTPUT_MAX);
    assert_int_equal(at_stream_write(owner.lab.at, many, 1), 0);
    lab_send(&owner.lab, "the other way is free");
    expect_got(&owner, "the other way is free");
    at_output_written(owner.lab.at, AT_OUTPUT_MAX / 2 - 1, owner.lab.now);
    assert_int_equal(owner.writable, 0);
    at_output_written(owner.lab.at, 1, owner.lab.now);
    assert_int_equal(owner.writable, 1);
    at_output_written(owner.lab.at, AT_OUTPUT_MAX / 2, owner.lab.now);
    assert_int_equal(owner.writable, 1); /* once */

    at_stream_write(owner.lab.at, many, sizeof many);
    at_close_stream(owner.lab.at, "NO CARRIER", 3); /* above the bound */
    assert_true(at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", 1));
    lab_read(&owner.lab);
    expect_state(&owner, AT_STREAM_OPEN);
    assert_int_equal(at_stream_write(owner.lab.at, many, 1), 0);
    at_close_stream(owner.lab.at, NULL, 0);
    at_open_stream(owner.lab.at, 0, &owner.stream, NULL, 0);
    at_output_written(owner.lab.at, AT_OUTPUT_MAX, owner.lab.now);
    assert_int_equal(owner.writable, 1); /* the new one has not written */
    end(&owner);
}

static void test_echoing_owner(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    owner.echo = true;
    at_set_tapped(owner.lab.at, true);
    at_set_tracing(owner.lab.at, true);
    lab_send(&owner.lab, "to and fro");
    lab_expect(&owner.lab, "to and fro");
    assert_string_equal(buf_text(&owner.lab.tap), "to and fro");
    assert_int_equal(buf_len(&owner.lab.trace), 0);
    end(&owner);
}

/* ---- the end ---- */

static void test_closed_by_its_owner(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    at_urc_line(owner.lab.at, "+U");
    at_stream_write(owner.lab.at, "last", 4);
    lab_wait(&owner.lab, GUARD);
    owner.room = 0;
    lab_send(&owner.lab, "for nobody");
    at_close_stream(owner.lab.at, "NO CARRIER", 3);
    lab_expect(&owner.lab, "last" LINE("NO CARRIER") LINE("+U"));
    expect_state(&owner, AT_STREAM_NONE);
    lab_send(&owner.lab, "AT\r");
    lab_expect(&owner.lab, OK);
    owner.room = 1; /* a new one begins afresh */
    lab_send(&owner.lab, "AT+OPEN\nx");
    expect_got(&owner, "x");
    at_close_stream(owner.lab.at, NULL, 0);
    lab_expect(&owner.lab, LINE("CONNECT"));
    at_close_stream(owner.lab.at, "NO CARRIER", 3); /* nothing there: no words */
    lab_expect(&owner.lab, "");
    assert_string_equal(owner.left, "");
    end(&owner);
}

static void test_closed_from_inside_input(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    owner.close_at = 4;
    lab_send(&owner.lab, "dataAT\r"); /* what is behind is a line */
    lab_expect(&owner.lab, LINE("NO CARRIER") OK);
    expect_got(&owner, "data");
    lab_send(&owner.lab, "AT+OPEN\nmoreAT\r");
    lab_expect(&owner.lab, LINE("CONNECT") LINE("NO CARRIER") OK);
    buf_clear(&owner.got);
    owner.room = 0;
    lab_send(&owner.lab, "AT+OPEN\ndata");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "++");
    owner.room = 100;
    at_stream_ready(owner.lab.at);
    lab_read(&owner.lab);
    expect_got(&owner, "data");
    lab_send(&owner.lab, "\r"); /* so is what was held back */
    lab_expect(&owner.lab, LINE("CONNECT") LINE("NO CARRIER") ERROR);
    end(&owner);
}

static void test_closed_while_suspended(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "ATH\r"); /* its words are an unsolicited result then */
    lab_expect(&owner.lab, OK LINE("NO CARRIER"));
    lab_send(&owner.lab, "ATO\r");
    lab_expect(&owner.lab, LINE("+CME ERROR:6"));
    end(&owner);
    begin_open(&owner);
    owner.close_when_left = true;
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_expect(&owner.lab, LINE("NO CARRIER"));
    expect_state(&owner, AT_STREAM_NONE);
    end(&owner);
}

static void test_reset(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "AT&F\r");
    expect_state(&owner, AT_STREAM_SUSPENDED);
    lab_send(&owner.lab, "ATZ\r");
    lab_expect(&owner.lab, OK OK);
    assert_string_equal(owner.left, "ER");
    expect_state(&owner, AT_STREAM_NONE);
    lab_send(&owner.lab, "AT+OPEN\n");
    at_deafen(owner.lab.at);
    lab_send(&owner.lab, "lost");
    at_restart(owner.lab.at);
    assert_string_equal(owner.left, "ERR");
    at_undeafen(owner.lab.at);
    lab_send(&owner.lab, "AT\r");
    lab_expect(&owner.lab, LINE("CONNECT") OK);
    lab_send(&owner.lab, "AT+OPEN\n");
    at_deafen(owner.lab.at);
    lab_send(&owner.lab, "lost");
    at_undeafen(owner.lab.at);
    expect_got(&owner, "");
    end(&owner);
}

/* ---- a host that goes ---- */

static void test_host_gone(void **state)
{
    (void)state;
    for (int stays = 0; stays <= 1; stays++) {
        struct owner owner;
        begin(&owner);
        owner.stream.stays = stays;
        owner.stream.burst_ms = 20;
        lab_send(&owner.lab, "AT+OPEN\n");
        lab_wait(&owner.lab, GUARD);
        lab_send(&owner.lab, "ab");
        lab_wait(&owner.lab, GUARD);
        lab_send(&owner.lab, "++");
        buf_clear(&owner.lab.out);
        at_host_gone(owner.lab.at, owner.lab.now);
        assert_string_equal(owner.left, stays ? "" : "G");
        expect_state(&owner, stays ? AT_STREAM_OPEN : AT_STREAM_SUSPENDED);
        assert_int_equal(at_stream_write(owner.lab.at, "x", 1), 0);
        lab_wait(&owner.lab, 1000);
        expect_got(&owner, "ab|++|");
        assert_int_equal(owner.writable, 0);
        at_host_came(owner.lab.at, owner.lab.now);
        lab_send(&owner.lab, "AT\r");
        lab_expect(&owner.lab, stays ? "" : OK);
        expect_got(&owner, stays ? "AT\r" : "");
        assert_int_equal(owner.writable, stays);
        end(&owner);
    }
}

static void test_host_gone_behind_its_escape(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    lab_send(&owner.lab, "+++");
    at_host_gone(owner.lab.at, owner.lab.now);
    expect_got(&owner, "");
    assert_string_equal(owner.left, "G");
    end(&owner);
}

/* A host that wrote all it had to say and went: the rest of its bytes are the stream's. */
static void test_host_gone_before_it_opens(void **state)
{
    (void)state;
    struct owner owner;
    begin(&owner);
    lab_send(&owner.lab, "AT+LATER\rhello");
    at_host_gone(owner.lab.at, owner.lab.now);
    at_host_came(owner.lab.at, owner.lab.now);
    lab_send(&owner.lab, "AT\r");
    assert_true(at_open_stream(owner.lab.at, owner.lab.ticket, &owner.stream, "CONNECT", 1));
    assert_true(at_finish(owner.lab.at, owner.lab.ticket, AT_STREAM));
    lab_expect(&owner.lab, OK);
    expect_got(&owner, "hello");
    assert_string_equal(owner.left, "G");
    end(&owner);

    begin(&owner);
    lab_send(&owner.lab, "AT+OPEN\r"); /* while it waits for a LF */
    at_host_gone(owner.lab.at, owner.lab.now);
    assert_string_equal(owner.left, "G");
    at_host_came(owner.lab.at, owner.lab.now);
    lab_send(&owner.lab, "AT\r");
    lab_expect(&owner.lab, OK);
    end(&owner);
}

/* ---- other ways in ---- */

static void test_pending_command(void **state)
{
    (void)state;
    struct owner owner;
    begin(&owner);
    lab_send(&owner.lab, "AT+LATER\r\nahead");
    lab_wait(&owner.lab, 1000);
    assert_false(at_open_stream(owner.lab.at, owner.lab.ticket + 1, &owner.stream, "C", 1));
    assert_true(at_open_stream(owner.lab.at, owner.lab.ticket, &owner.stream, "CONNECT", 1));
    at_urc_line(owner.lab.at, "+U");
    assert_true(at_finish(owner.lab.at, owner.lab.ticket, AT_STREAM));
    lab_expect(&owner.lab, LINE("CONNECT"));
    expect_got(&owner, "ahead");
    end(&owner);
}

static void test_handler_s_faults(void **state)
{
    (void)state;
    struct owner owner;
    begin(&owner);
    lab_send(&owner.lab, "AT+FORGET\r");
    lab_expect(&owner.lab, ERROR);
    expect_state(&owner, AT_STREAM_NONE);
    lab_send(&owner.lab, "AT+LIE\rAT\r");
    lab_expect(&owner.lab, ERROR OK);
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "AT+FORGET\r");
    lab_expect(&owner.lab, LINE("CONNECT") ERROR);
    expect_state(&owner, AT_STREAM_SUSPENDED);
    end(&owner);
}

static void test_without_a_command(void **state)
{
    (void)state;
    struct owner owner;
    begin(&owner);
    at_host_gone(owner.lab.at, owner.lab.now);
    at_urc(owner.lab.at, &(struct at_urc){.line = "RDY", .len = 3, .boot = true});
    owner.stream.stays = true;
    assert_true(at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT,ID:3", -1));
    assert_false(at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT,ID:3", -1));
    lab_wait(&owner.lab, 1000);
    expect_state(&owner, AT_STREAM_WAITING); /* it is told to somebody */
    assert_int_equal(at_stream_write(owner.lab.at, "x", 1), 0);
    at_host_came(owner.lab.at, owner.lab.now);
    lab_expect(&owner.lab, LINE("RDY") LINE("CONNECT,ID:3"));
    assert_int_equal(owner.writable, 1);
    lab_send(&owner.lab, "x");
    expect_got(&owner, "x");
    end(&owner);

    begin(&owner);
    at_host_gone(owner.lab.at, owner.lab.now);
    at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", -1);
    lab_wait(&owner.lab, 1000);
    expect_state(&owner, AT_STREAM_WAITING);
    end(&owner);

    /* neither into a command nor into a line that is typed */
    begin(&owner);
    lab_send(&owner.lab, "AT+LATER\r");
    at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", -1);
    lab_expect(&owner.lab, "");
    at_finish(owner.lab.at, owner.lab.ticket, AT_OK);
    lab_expect(&owner.lab, OK LINE("CONNECT"));
    at_close_stream(owner.lab.at, NULL, 0);
    lab_send(&owner.lab, "AT");
    at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", -1);
    lab_expect(&owner.lab, "");
    lab_send(&owner.lab, "\r\n");
    lab_expect(&owner.lab, OK LINE("CONNECT"));
    at_close_stream(owner.lab.at, NULL, 0);
    lab_send(&owner.lab, "AT");
    at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", -1);
    at_close_stream(owner.lab.at, "NO CARRIER", 3); /* it only waited: no words */
    lab_send(&owner.lab, "\r");
    lab_expect(&owner.lab, OK);
    at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", -1);
    lab_send(&owner.lab, "AT");
    lab_wait(&owner.lab, 10000);
    lab_expect(&owner.lab, LINE("CONNECT"));
    end(&owner);
}

static void test_console(void **state)
{
    (void)state;
    struct owner owner;
    begin_open(&owner);
    assert_true(at_console_line(owner.lab.at, "AT", 2));
    lab_wait(&owner.lab, 100000);
    lab_expect(&owner.lab, "");
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_expect(&owner.lab, OK);
    assert_true(at_console_line(owner.lab.at, "ATO", 3));
    lab_expect(&owner.lab, LINE("CONNECT"));
    lab_send(&owner.lab, "x");
    expect_got(&owner, "x");
    end(&owner);
}

/* ---- what goes with it in command mode ---- */

static void test_bare_commands(void **state)
{
    (void)state;
    struct owner owner;
    begin_with(&owner, bare_grammar());
    owner.line = NULL;
    lab_send(&owner.lab, "AT+OPEN\n");
    for (int i = 0; i < 3; i++) {
        static const char *const lines[] = {"ATO", "ato\r", "atO\n"};
        lab_wait(&owner.lab, GUARD);
        lab_send(&owner.lab, "+++");
        lab_wait(&owner.lab, GUARD);
        expect_state(&owner, AT_STREAM_SUSPENDED);
        lab_send(&owner.lab, lines[i]);
        lab_wait(&owner.lab, 19);
        expect_state(&owner, i ? AT_STREAM_OPEN : AT_STREAM_SUSPENDED);
        lab_wait(&owner.lab, 1);
        expect_state(&owner, AT_STREAM_OPEN);
    }
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "ATO");
    owner.lab.now += 20; /* without a tick */
    lab_send(&owner.lab, "data");
    expect_got(&owner, "data");
    lab_expect(&owner.lab, "");
    at_close_stream(owner.lab.at, NULL, 0);
    lab_send(&owner.lab, "ATO");
    lab_wait(&owner.lab, 20);
    lab_expect(&owner.lab, LINE("+CME ERROR:6"));
    lab_send(&owner.lab, "AT"); /* only those that are named */
    lab_wait(&owner.lab, 1000);
    lab_expect(&owner.lab, "");
    end(&owner);
}

static void test_pluses_in_command_mode(void **state)
{
    (void)state;
    struct owner owner;
    begin_with(&owner, bare_grammar());
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, 20);
    lab_send(&owner.lab, "AT\r");
    lab_expect(&owner.lab, OK);
    lab_send(&owner.lab, "+++\r\nAT\r");
    lab_expect(&owner.lab, OK);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, 19);
    lab_send(&owner.lab, "AT\r"); /* not alone */
    lab_expect(&owner.lab, ERROR);
    end(&owner);
    begin(&owner); /* a grammar without it */
    lab_send(&owner.lab, "+++\r");
    lab_expect(&owner.lab, ERROR);
    end(&owner);
}

static void test_dial_string(void **state)
{
    (void)state;
    struct owner owner;
    begin_with(&owner, &lab_loose);
    lab_send(&owner.lab, "ATE0\rATD*99***1#\rATDT*99#;H\rATD\r");
    lab_expect(&owner.lab, "ATE0\r" OK LINE("[*99***1#]") OK LINE("[T*99#]") OK ERROR);
    end(&owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_value),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_line_feed_of_the_command),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_pluses_one_by_one),
        cmocka_unit_test(test_line_right_behind_the_guard),
        cmocka_unit_test(test_nothing_is_held_longer_than_needed),
        cmocka_unit_test(test_command_line_is_no_silence),
        cmocka_unit_test(test_no_way_out),
        cmocka_unit_test(test_out_and_back),
        cmocka_unit_test(test_bursts),
        cmocka_unit_test(test_burst_longer_than_the_guard),
        cmocka_unit_test(test_input_that_is_not_taken),
        cmocka_unit_test(test_what_waits_goes_on_while_suspended),
        cmocka_unit_test(test_output_that_is_not_read),
        cmocka_unit_test(test_echoing_owner),
        cmocka_unit_test(test_closed_by_its_owner),
        cmocka_unit_test(test_closed_from_inside_input),
        cmocka_unit_test(test_closed_while_suspended),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_host_gone),
        cmocka_unit_test(test_host_gone_behind_its_escape),
        cmocka_unit_test(test_host_gone_before_it_opens),
        cmocka_unit_test(test_pending_command),
        cmocka_unit_test(test_handler_s_faults),
        cmocka_unit_test(test_without_a_command),
        cmocka_unit_test(test_console),
        cmocka_unit_test(test_bare_commands),
        cmocka_unit_test(test_pluses_in_command_mode),
        cmocka_unit_test(test_dial_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
