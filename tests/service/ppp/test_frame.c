/* Frames of RFC 1662: out and in, whole and spoilt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/ppp/ppp_frame.h"
#include "tests/service/ppp/bench.h"

#define ALL 0xffffffffU

/* Feeds everything; what comes of it as "PROTOCOL HEX\n" each. */
static const char *take(struct ppp_frames *frames, const void *bytes, size_t len)
{
    static struct buf text;
    buf_clear(&text);
    const uint8_t *at = bytes;
    while (len) {
        struct ppp_packet packet;
        bool found;
        size_t used = ppp_frames_take(frames, at, len, &packet, &found);
        assert_in_range(used, 1, len);
        at += used;
        len -= used;
        if (found) {
            buf_printf(&text, "%04x ", packet.protocol);
            for (size_t i = 0; i < packet.len && i < 8; i++) {
                buf_printf(&text, "%02x", packet.bytes[i]);
            }
            buf_printf(&text, "/%zu\n", packet.len);
        }
    }
    static char copy[4096];
    snprintf(copy, sizeof copy, "%s", buf_text(&text));
    buf_free(&text);
    return copy;
}

static struct ppp_frames fresh(uint32_t accm)
{
    return (struct ppp_frames){.accm = accm};
}

static void test_to_and_fro(void **state)
{
    (void)state;
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    for (int all = 0; all < 2; all++) {
        struct ppp_frames frames = fresh(all ? ALL : 0);
        struct buf out = {0};
        ppp_frame_put(&out, all ? ALL : 0, PPP_LCP, bytes, sizeof bytes);
        ppp_frame_put(&out, all ? ALL : 0, PPP_IP, bytes + 0x7c, 4);
        for (size_t i = 0; all && i < buf_len(&out); i++) {
            assert_true((uint8_t)buf_bytes(&out)[i] >= 0x20);
        }
        assert_string_equal(take(&frames, buf_bytes(&out), buf_len(&out)),
                            "c021 0001020304050607/256\n0021 7c7d7e7f/4\n");
        assert_int_equal(frames.bad, 0);
        buf_free(&out);
    }
}

/* A frame as the host's side of these tests makes it. */
static size_t frame_of(const char *hex, uint8_t *line)
{
    uint8_t bytes[256];
    size_t len = from_hex(hex, bytes, sizeof bytes - 2);
    uint16_t fcs = host_fcs(bytes, len);
    bytes[len++] = (uint8_t)fcs;
    bytes[len++] = (uint8_t)(fcs >> 8);
    size_t at = 0;
    line[at++] = 0x7e;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < 0x20 || bytes[i] == 0x7d || bytes[i] == 0x7e) {
            line[at++] = 0x7d;
            line[at++] = bytes[i] ^ 0x20;
        } else {
            line[at++] = bytes[i];
        }
    }
    line[at++] = 0x7e;
    return at;
}

static void test_compressed(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"ff03 c021 0102", "c021 0102/2\n"},
        {"c021 0102", "c021 0102/2\n"},
        {"ff03 21 0102", "0021 0102/2\n"},
        {"21 0102", "0021 0102/2\n"},
        {"ff03 0021", "0021 /0\n"},
        {"ff03 c020 01", ""}, /* even: no protocol */
        {"ff03", ""},
        {"c0", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ppp_frames frames = fresh(ALL);
        uint8_t line[600];
        size_t len = frame_of(rows[i][0], line);
        assert_string_equal(take(&frames, line, len), rows[i][1]);
        assert_int_equal(frames.bad, *rows[i][1] ? 0 : 1);
    }
}

static void test_spoilt(void **state)
{
    (void)state;
    struct ppp_frames frames = fresh(ALL);
    uint8_t good[600];
    size_t len = frame_of("ff03 c021 01020304", good);
    for (size_t i = 1; i < len - 1; i++) { /* each byte that is not what it was */
        uint8_t bad[600];
        memcpy(bad, good, len);
        bad[i] ^= 0x41;
        assert_string_equal(take(&frames, bad, len), "");
    }
    assert_int_equal(frames.bad > 5, 1);
    assert_string_equal(take(&frames, good, len), "c021 01020304/4\n");
    assert_string_equal(take(&frames, "AT+CGDATA\r\nCONNECT", 18), ""); /* no flag behind it */
    assert_string_equal(take(&frames, good, len), "c021 01020304/4\n");
    assert_string_equal(take(&frames, "\x7e\x7e\x7e\x7e", 4), "");
    assert_string_equal(take(&frames, good + 1, len - 1), "c021 01020304/4\n");
    uint64_t bad = frames.bad;
    assert_string_equal(take(&frames, "\x7e\xff\x03\x7d\x7e", 5), ""); /* aborted by the sender */
    assert_int_equal(frames.bad, bad + 1);
    uint8_t noisy[700]; /* control characters that the line adds */
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        noisy[at++] = good[i];
        noisy[at++] = i % 2 ? 0x11 : 0x13;
    }
    assert_string_equal(take(&frames, noisy, at), "c021 01020304/4\n");
}

static void test_before_the_first_flag(void **state)
{
    (void)state;
    struct ppp_frames frames = fresh(ALL);
    uint8_t good[600];
    size_t len = frame_of("ff03 c021 01020304", good);
    assert_string_equal(take(&frames, "\r\nOK\r\n", 6), "");
    assert_string_equal(take(&frames, good, len), "c021 01020304/4\n");
    assert_int_equal(frames.bad, 0);
}

static void test_too_long(void **state)
{
    (void)state;
    struct ppp_frames frames = fresh(0);
    static uint8_t long_one[10000];
    struct buf out = {0};
    memset(long_one, 'x', sizeof long_one);
    ppp_frame_put(&out, 0, PPP_IP, long_one, PPP_FRAME_MAX);
    char expected[64];
    snprintf(expected, sizeof expected, "0021 7878787878787878/%d\n", PPP_FRAME_MAX);
    assert_string_equal(take(&frames, buf_bytes(&out), buf_len(&out)), expected);
    buf_clear(&out);
    ppp_frame_put(&out, 0, PPP_IP, long_one, sizeof long_one);
    ppp_frame_put(&out, 0, PPP_LCP, "\1\2", 2);
    assert_string_equal(take(&frames, buf_bytes(&out), buf_len(&out)), "c021 0102/2\n");
    assert_int_equal(frames.bad, 1);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_and_fro), cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_spoilt),     cmocka_unit_test(test_before_the_first_flag),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
