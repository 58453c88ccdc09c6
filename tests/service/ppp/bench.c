#include "tests/service/ppp/bench.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/logged.h"
#include "tests/support/loop.h"

/* ---- the host's framing ---- */

/* By long division, bit for bit; the peer's is another. */
uint16_t host_fcs(const uint8_t *bytes, size_t len)
{
    unsigned reg = 0xffff;
    for (size_t i = 0; i < len * 8; i++) {
        unsigned bit = ((unsigned)bytes[i / 8] >> i % 8 ^ reg) & 1U;
        reg >>= 1;
        if (bit) {
            reg ^= 0x8408;
        }
    }
    return (uint16_t)~reg;
}

static void note(struct bench *bench, const char *text)
{
    assert_false(bench->in_call);
    buf_printf(&bench->lines, "%s\n", text);
    if (bench->die && strncmp(text, bench->die, strlen(bench->die)) == 0) {
        ppp_destroy(bench->ppp);
        bench->ppp = NULL;
    }
}

static void take_frame(struct bench *bench, const uint8_t *bytes, size_t len)
{
    uint8_t frame[4096] = {0};
    char text[2 * sizeof frame + 2];
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        assert_true(count < sizeof frame);
        if (bytes[i] == 0x7d) {
            assert_true(++i < len);
            frame[count++] = bytes[i] ^ 0x20;
        } else {
            frame[count++] = bytes[i];
        }
    }
    assert_true(count > 6);
    assert_int_equal(frame[0], 0xff);
    assert_int_equal(frame[1], 0x03);
    assert_int_equal(host_fcs(frame, count - 2), frame[count - 2] | frame[count - 1] << 8);
    size_t at = 0;
    for (size_t i = 2; i < count - 2; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%02x%s", frame[i], i == 3 ? " " : "");
    }
    note(bench, text);
}

static size_t on_output(void *ctx, const char *bytes, size_t len)
{
    struct bench *bench = ctx;
    assert_false(bench->in_call);
    size_t taken = len < bench->room ? len : bench->room;
    bench->room -= taken;
    if (bench->keep) {
        buf_add(&bench->said, bytes, taken);
        return taken;
    }
    buf_add(&bench->raw, bytes, taken);
    for (;;) {
        const char *start = buf_bytes(&bench->raw);
        const char *end = memchr(start, 0x7e, buf_len(&bench->raw));
        if (!end) {
            return taken;
        }
        size_t size = (size_t)(end - start);
        struct ppp *ppp = bench->ppp;
        if (size) {
            take_frame(bench, (const uint8_t *)start, size);
        }
        buf_take(&bench->raw, size + 1);
        if (bench->ppp != ppp) {
            return taken;
        }
    }
}

static void on_ready(void *ctx)
{
    struct bench *bench = ctx;
    assert_false(bench->in_call);
    bench->ready = true;
}

static void on_ended(void *ctx, enum ppp_end end, const char *why)
{
    char text[40];
    assert_true(*why);
    snprintf(text, sizeof text, "ended %s", ppp_end_text(end));
    note(ctx, text);
}

static const struct ppp_events events = {on_output, on_ready, on_ended};

/* ---- life ---- */

int bench_setup(void **state)
{
    static const struct network_settings settings = {.rssi = -70, .ip = HOST_ADDRESS};
    struct bench *bench = mem_zeroed(sizeof *bench);
    bench->loop = ev_loop_new(EVFLAG_AUTO);
    bench->network = network_create(&settings, true);
    bench->env.loop = bench->loop;
    bench->env.network = bench->network;
    bench->env.log = logged_create(&bench->log_lines);
    log_set_level(bench->env.log, LEVEL_BYTES);
    bench->settings.command = "";
    bench->room = SIZE_MAX;
    *state = bench;
    return 0;
}

int bench_teardown(void **state)
{
    struct bench *bench = *state;
    ppp_destroy(bench->ppp);
    network_destroy(bench->network);
    log_destroy(bench->env.log);
    ev_loop_destroy(bench->loop);
    buf_free(&bench->raw);
    buf_free(&bench->said);
    buf_free(&bench->lines);
    buf_free(&bench->log_lines);
    free(bench);
    return 0;
}

void bench_start(struct bench *bench)
{
    bench->in_call = true;
    bench->ppp = ppp_create(&bench->env, &bench->settings, HOST_ADDRESS, &events, bench);
    bench->in_call = false;
}

bool bench_logged(struct bench *bench, const char *text)
{
    return strstr(buf_text(&bench->log_lines), text) != NULL;
}

void bench_quiet(struct bench *bench, double seconds)
{
    loop_until_within(bench->loop, loop_never, NULL, seconds);
    assert_string_equal(buf_text(&bench->lines), "");
}

void bench_until(struct bench *bench, bool (*done)(void *ctx), void *ctx)
{
    assert_true(loop_until(bench->loop, done, ctx));
}

/* ---- the host ---- */

void host_bytes(struct bench *bench, const void *bytes, size_t len)
{
    bench->in_call = true;
    assert_int_equal(ppp_input(bench->ppp, bytes, len), len);
    bench->in_call = false;
}

void host_packet(struct bench *bench, unsigned protocol, const void *bytes, size_t len)
{
    uint8_t frame[4096] = {0xff, 0x03, (uint8_t)(protocol >> 8), (uint8_t)protocol};
    struct buf line = {0};
    memcpy(frame + 4, bytes, len);
    uint16_t fcs = host_fcs(frame, len + 4);
    frame[len + 4] = (uint8_t)fcs;
    frame[len + 5] = (uint8_t)(fcs >> 8);
    buf_add_byte(&line, 0x7e);
    for (size_t i = 0; i < len + 6; i++) {
        if (frame[i] < 0x20 || frame[i] == 0x7d || frame[i] == 0x7e) {
            buf_add_byte(&line, 0x7d);
            buf_add_byte(&line, (char)(frame[i] ^ 0x20));
        } else {
            buf_add_byte(&line, (char)frame[i]);
        }
    }
    buf_add_byte(&line, 0x7e);
    host_bytes(bench, buf_bytes(&line), buf_len(&line));
    buf_free(&line);
}

size_t from_hex(const char *hex, uint8_t *bytes, size_t size)
{
    size_t count = 0;
    unsigned value;
    for (int used = 0; sscanf(hex, " %2x%n", &value, &used) == 1; hex += used) {
        assert_true(count < size);
        bytes[count++] = (uint8_t)value;
    }
    return count;
}

void host_send(struct bench *bench, unsigned protocol, const char *hex, ...)
{
    char text[4096];
    uint8_t bytes[2048];
    va_list args;
    va_start(args, hex);
    vsnprintf(text, sizeof text, hex, args);
    va_end(args);
    host_packet(bench, protocol, bytes, from_hex(text, bytes, sizeof bytes));
}

static bool has_line(void *ctx)
{
    struct bench *bench = ctx;
    return buf_len(&bench->lines) > 0;
}

static const char *next_line(struct bench *bench)
{
    static char line[16384];
    bool came = loop_until_within(bench->loop, has_line, bench, 20.);
    const char *lines = buf_text(&bench->lines);
    size_t len = strcspn(lines, "\n");
    assert_true(len < sizeof line);
    memcpy(line, lines, len);
    line[len] = '\0';
    if (came) {
        buf_take(&bench->lines, len + 1);
    }
    return line;
}

const char *host_expect(struct bench *bench, const char *start)
{
    const char *line = next_line(bench);
    size_t i = 0;
    for (; start[i]; i++) {
        if (start[i] != line[i] && !(start[i] == '?' && isxdigit(line[i]))) {
            print_error("expected '%s', got '%s'\n%s", start, line, buf_text(&bench->log_lines));
            fail_msg("something else");
        }
    }
    return line + i;
}

size_t host_packet_of(struct bench *bench, const char *protocol, uint8_t *bytes, size_t size)
{
    return from_hex(host_expect(bench, protocol), bytes, size);
}

/* What the peer wants: ACCM 0, a magic number, both compressions. */
void host_lcp_up(struct bench *bench)
{
    char request[100];
    snprintf(request, sizeof request, "%s", host_expect(bench, "c021 01"));
    assert_memory_equal(request + 2, "00140206000000000506", 20);
    assert_string_equal(request + 30, "07020802");
    host_send(bench, 0xc021, "02 %s", request);
    host_send(bench, 0xc021, "01 01 000e 0206 00000000 0702 0802");
    host_expect(bench, "c021 0201000e02060000000007020802");
    assert_true(bench_logged(bench, "the link is up"));
}

void host_up(struct bench *bench)
{
    host_lcp_up(bench);
    const char *rest = host_expect(bench, "8021 01");
    char id[3] = {rest[0], rest[1], '\0'};
    assert_string_equal(rest + 2, "000a0306c0a8280e");
    host_send(bench, 0x8021, "02 %s 000a 0306 c0a8280e", id);
    host_send(bench, 0x8021, "01 01 0016 0306 00000000 8106 00000000 8306 00000000");
    host_expect(bench, "8021 030100160306c0a8280d8106c0a8280c8306c0a8280c");
    host_send(bench, 0x8021, "01 02 0016 0306 c0a8280d 8106 c0a8280c 8306 c0a8280c");
    host_expect(bench, "8021 020200160306c0a8280d8106c0a8280c8306c0a8280c");
    assert_true(bench_logged(bench, "the host has its address"));
}
