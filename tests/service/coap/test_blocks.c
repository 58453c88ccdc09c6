/* Bodies in blocks (RFC 7959) with a peer that keeps the rules, and with one that does not. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/service/coap/bench.h"
#include "tests/service/coap/peer.h"

enum { BLOCK2 = 23, BLOCK1 = 27, SIZE2 = 28, SIZE1 = 60, ETAG = 4 };

/* What the peer does; ctx of the peer. */
struct plan {
    unsigned szx;       /* of the peer's blocks */
    size_t size;        /* of the response */
    struct buf body;    /* of the request, as it came */
    unsigned tokens[4]; /* of the first requests */
    unsigned requests;
    bool separate;
    /* Makes the answer to a step wrong. */
    void (*spoil)(struct message *response, unsigned step);
};

static struct plan *plan_of(struct bench *bench)
{
    return bench->peer->ctx;
}

static int setup(void **state)
{
    bench_setup_peer(state);
    struct bench *bench = *state;
    struct plan *plan = mem_zeroed(sizeof *plan);
    plan->szx = 6;
    bench->peer->ctx = plan;
    return 0;
}

static int teardown(void **state)
{
    struct plan *plan = plan_of(*state);
    buf_free(&plan->body);
    free(plan);
    return bench_teardown(state);
}

static char *made_text(size_t len)
{
    char *text = mem_zeroed(len + 1);
    for (size_t i = 0; i < len; i++) {
        text[i] = (char)('a' + (i * 7 + i / 1000) % 26);
    }
    return text;
}

static void respond(struct peer *peer, struct message *response)
{
    struct plan *plan = peer->ctx;
    if (plan->separate) {
        response->type = plan->requests % 2 ? CON : NON;
        response->mid = (uint16_t)(5000 + plan->requests);
    }
    if (plan->spoil) {
        plan->spoil(response, plan->requests);
    }
    peer_send(peer, response);
}

static bool is_request(const struct message *message)
{
    return message->type == CON && message->code > 0 && message->code < 32;
}

static void note_request(struct plan *plan, const struct message *message)
{
    unsigned token = (unsigned)(message->token[0] << 8 | message->token[1]);
    for (unsigned i = 0; i < plan->requests && plan->requests < 4; i++) {
        assert_int_not_equal(plan->tokens[i], token); /* each block has its own */
    }
    if (plan->requests < 4) {
        plan->tokens[plan->requests] = token;
    }
    plan->requests++;
}

/* ---- downloads ---- */

static void serve(struct peer *peer, const struct message *message)
{
    struct plan *plan = peer->ctx;
    if (!is_request(message)) {
        return;
    }
    note_request(plan, message);
    long wanted = peer_number(message, BLOCK2);
    unsigned szx = wanted >= 0 && (wanted & 7) < plan->szx ? (unsigned)wanted & 7 : plan->szx;
    size_t number = wanted >= 0 ? (size_t)wanted >> 4 : 0;
    size_t start = number * ((size_t)16 << szx);
    size_t left = plan->size > start ? plan->size - start : 0;
    size_t len = left > (size_t)16 << szx ? (size_t)16 << szx : left;
    char *text = made_text(plan->size);
    uint8_t block[4];
    struct message response = peer_response(message, 0x45, "");
    response.bytes = text + start;
    response.len = len;
    response.options[0] = (struct option){ETAG, "tag", 3};
    response.options[1] = peer_block(BLOCK2, (unsigned)number, left > len, szx, block);
    response.options[2] = (struct option){2090, number ? "n" : "0", 1};
    response.option_count = 3;
    respond(peer, &response);
    free(text);
}

static void check_download(struct bench *bench, size_t size, unsigned szx)
{
    struct plan *plan = plan_of(bench);
    plan->size = size;
    plan->szx = szx;
    plan->requests = 0;
    bench->peer->answer = serve;
    unsigned n = bench_get(bench, "/d", 10000);
    unsigned token = bench->tokens[n];
    free(bench_take(bench));
    assert_int_equal(plan->tokens[0], token);
    char *text = made_text(size);
    assert_int_equal(buf_len(&bench->body), size);
    assert_memory_equal(buf_bytes(&bench->body), text, size);
    assert_string_equal(buf_text(&bench->response_options), "4=746167 2090=30 ");
    free(text);
}

static void test_download(void **state)
{
    static const size_t sizes[] = {0, 1, 16, 17, 1024, 1025, 5000};
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_download(bench, sizes[i], 6);
        check_download(bench, sizes[i], 0);
    }
    check_download(bench, COAP_CLIENT_BODY_MAX, 6);
    check_download(bench, COAP_CLIENT_BODY_MAX, 2);
    plan_of(bench)->separate = true;
    check_download(bench, 5000, 3);
}

static void test_too_large(void **state)
{
    struct bench *bench = *state;
    struct plan *plan = plan_of(bench);
    bench->peer->answer = serve;
    plan->size = COAP_CLIENT_BODY_MAX + 1;
    bench_get(bench, "/d", 10000);
    bench_expect(bench, "1 broken");
    assert_string_equal(bench->why, "the response is too large");
    assert_int_equal(plan->requests, 65);
}

/* ---- downloads that go wrong ---- */

static void tell_size(struct message *response, unsigned step)
{
    (void)step;
    response->options[2] = (struct option){SIZE2, "\x01\x00\x01", 3};
}

static void change_etag(struct message *response, unsigned step)
{
    response->options[0].bytes = step > 2 ? "gat" : "tag";
}

static void lose_etag(struct message *response, unsigned step)
{
    if (step > 2) {
        response->options[0].number = 14;
    }
}

static void repeat_number(struct message *response, unsigned step)
{
    static uint8_t value[4];
    response->options[1] = peer_block(BLOCK2, 0, true, 6, value);
    (void)step;
}

static void skip_number(struct message *response, unsigned step)
{
    static uint8_t value[4];
    if (step == 2) {
        response->options[1] = peer_block(BLOCK2, 3, true, 6, value);
    }
}

static void begin_late(struct message *response, unsigned step)
{
    static uint8_t value[4];
    (void)step;
    response->options[1] = peer_block(BLOCK2, 1, true, 6, value);
}

static void reserve_size(struct message *response, unsigned step)
{
    static uint8_t value[4];
    (void)step;
    response->options[1] = peer_block(BLOCK2, 0, true, 7, value);
}

static void reserve_last_size(struct message *response, unsigned step)
{
    static uint8_t value[4];
    (void)step;
    response->options[1] = peer_block(BLOCK2, 0, false, 7, value);
}

static void reserve_size_later(struct message *response, unsigned step)
{
    static uint8_t value[4];
    if (step == 2) {
        response->options[1] = peer_block(BLOCK2, 1, true, 7, value);
    }
}

static void shrink_payload(struct message *response, unsigned step)
{
    if (step == 2) {
        response->len--;
    }
}

static void empty_payload(struct message *response, unsigned step)
{
    if (step == 2) {
        response->len = 0;
    }
}

static void grow_size(struct message *response, unsigned step)
{
    static uint8_t value[4];
    bool grown = step == 3; /* behind two blocks of 512 bytes */
    response->options[1] = peer_block(BLOCK2, grown ? 1 : step - 1, true, grown ? 6 : 5, value);
    response->len = grown ? 1024 : 512;
}

static void lose_block(struct message *response, unsigned step)
{
    if (step == 2) {
        response->options[1] = response->options[2];
        response->option_count = 2;
    }
}

static void change_code(struct message *response, unsigned step)
{
    if (step == 2) {
        response->code = 0x44;
    }
}

static void test_bad_downloads(void **state)
{
    static const struct {
        void (*spoil)(struct message *response, unsigned step);
        unsigned steps;
    } cases[] = {{tell_size, 1},      {change_etag, 3},        {lose_etag, 3},
                 {repeat_number, 2},  {skip_number, 2},        {begin_late, 1},
                 {reserve_size, 1},   {reserve_size_later, 2}, {reserve_last_size, 1},
                 {shrink_payload, 2}, {empty_payload, 2},      {grow_size, 3},
                 {lose_block, 2},     {change_code, 2}};
    struct bench *bench = *state;
    struct plan *plan = plan_of(bench);
    bench->peer->answer = serve;
    plan->size = 5000;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        plan->requests = 0;
        plan->spoil = cases[i].spoil;
        bench_get(bench, "/d", 10000);
        bench_expect(bench, "%u broken", i + 1);
        assert_int_equal(plan->requests, cases[i].steps);
    }
}

static void refuse_later(struct message *response, unsigned step)
{
    if (step == 3) {
        response->code = 0x84;
        response->option_count = 0;
        response->bytes = "gone";
        response->len = 4;
    }
}

/* An error in the middle is the response. */
static void test_error_in_download(void **state)
{
    struct bench *bench = *state;
    struct plan *plan = plan_of(bench);
    bench->peer->answer = serve;
    plan->size = 5000;
    plan->spoil = refuse_later;
    bench_get(bench, "/d", 10000);
    bench_expect(bench, "1 response 404 4 gone");
    assert_string_equal(buf_text(&bench->response_options), "");
}

/* Always one block more, 16 bytes each: until it is too large, or the time is up. */
static void serve_endlessly(struct peer *peer, const struct message *message)
{
    struct plan *plan = peer->ctx;
    long wanted = peer_number(message, BLOCK2);
    uint8_t block[4];
    struct message response = peer_response(message, 0x45, "0123456789abcdef");
    response.options[0] =
        peer_block(BLOCK2, wanted > 0 ? (unsigned)wanted >> 4 : 0, true, 0, block);
    response.option_count = 1;
    plan->requests++;
    peer_send(peer, &response);
}

static void test_endless(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = serve_endlessly;
    bench_get(bench, "/d", 20000);
    bench_expect(bench, "1 broken");
    assert_int_equal(plan_of(bench)->requests, COAP_CLIENT_BODY_MAX / 16 + 1);
}

static void serve_half(struct peer *peer, const struct message *message)
{
    struct plan *plan = peer->ctx;
    if (plan->requests < 2) {
        serve_endlessly(peer, message);
    }
}

/* The time is for all blocks together, and nothing is sent behind it. */
static void test_half(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = serve_half;
    double start = bench_now();
    bench_get(bench, "/d", 1500);
    bench_expect(bench, "1 timeout");
    assert_true(bench_now() - start < 1.8);
    unsigned before = bench->peer->received;
    bench_quiet(bench, 2.5);
    assert_int_equal(bench->peer->received, before);
}

/* ---- uploads ---- */

static void receive(struct peer *peer, const struct message *message)
{
    struct plan *plan = peer->ctx;
    if (!is_request(message)) {
        return;
    }
    note_request(plan, message);
    long block = peer_number(message, BLOCK1);
    struct message response = peer_response(message, 0x44, "");
    uint8_t value[4];
    if (block < 0) {
        buf_add(&plan->body, message->bytes, message->len);
        respond(peer, &response);
        return;
    }
    unsigned szx = (unsigned)block & 7;
    assert_int_equal(((size_t)block >> 4) * ((size_t)16 << szx), buf_len(&plan->body));
    if (block >> 4 == 0) {
        assert_int_equal(peer_number(message, SIZE1), plan->size);
    }
    buf_add(&plan->body, message->bytes, message->len);
    response.code = block & 8 ? 0x5f : 0x44;
    response.options[0] = peer_block(BLOCK1, (unsigned)block >> 4, block & 8,
                                     szx < plan->szx ? szx : plan->szx, value);
    response.option_count = 1;
    respond(peer, &response);
}

static unsigned put(struct bench *bench, const char *text, size_t len)
{
    return bench_send(bench, &(struct coap_client_request){.method = COAP_CLIENT_PUT,
                                                           .confirmable = true,
                                                           .path = "/u",
                                                           .bytes = text,
                                                           .len = len,
                                                           .content_format = 42,
                                                           .accept = -1,
                                                           .timeout_ms = 10000});
}

static void check_upload(struct bench *bench, size_t size, unsigned szx)
{
    struct plan *plan = plan_of(bench);
    char *text = made_text(size);
    plan->size = size;
    plan->szx = szx;
    plan->requests = 0;
    buf_clear(&plan->body);
    bench->peer->answer = receive;
    unsigned n = put(bench, text, size);
    unsigned token = bench->tokens[n];
    bench_expect(bench, "%u response 204 0 ", n);
    assert_int_equal(plan->tokens[0], token);
    assert_int_equal(buf_len(&plan->body), size);
    assert_memory_equal(buf_bytes(&plan->body), text, size);
    assert_string_equal(buf_text(&bench->response_options), "");
    /* The first block has 1,024 bytes, the others what the peer wants. */
    size_t wanted = (size_t)16 << szx;
    assert_int_equal(plan->requests, size <= 1024 ? 1 : 1 + (size - 1024 + wanted - 1) / wanted);
    free(text);
}

static void test_upload(void **state)
{
    static const size_t sizes[] = {1, 1024, 1025, 2048, 5000, COAP_CLIENT_BODY_MAX};
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_upload(bench, sizes[i], 6);
        check_upload(bench, sizes[i], 2); /* the peer wants smaller ones */
    }
    plan_of(bench)->separate = true;
    check_upload(bench, 5000, 5);
}

/* Beside long options the blocks are smaller, and the datagram is never above 1,152 bytes. */
static void test_long_options(void **state)
{
    struct bench *bench = *state;
    struct plan *plan = plan_of(bench);
    char *bytes = made_text(1200);
    char *text = made_text(3000);
    plan->size = 3000;
    bench->peer->answer = receive;
    struct coap_client_option option = {2088, bytes, 300};
    struct coap_client_request request = {.method = COAP_CLIENT_PUT,
                                          .confirmable = true,
                                          .path = "/u",
                                          .bytes = text,
                                          .len = 3000,
                                          .content_format = -1,
                                          .accept = -1,
                                          .options = &option,
                                          .option_count = 1,
                                          .timeout_ms = 5000};
    bench_send(bench, &request);
    bench_expect(bench, "1 response 204 0 ");
    assert_int_equal(plan->requests, 6);
    assert_memory_equal(buf_bytes(&plan->body), text, 3000);
    option.len = 1200;
    bench_send(bench, &request);
    bench_expect(bench, "2 broken");
    assert_string_equal(bench->why, "the request does not fit into a datagram");
    free(bytes);
    free(text);
}

static void refuse_first(struct peer *peer, const struct message *message)
{
    struct plan *plan = peer->ctx;
    uint8_t value[4];
    if (plan->requests > 0) {
        receive(peer, message);
        return;
    }
    note_request(plan, message);
    struct message response = peer_response(message, 0x8d, "");
    response.options[0] = peer_block(BLOCK1, 0, false, 1, value);
    response.option_count = 1;
    peer_send(peer, &response);
}

/* 4.13 with a smaller size: from the beginning, in that size. */
static void test_smaller(void **state)
{
    struct bench *bench = *state;
    struct plan *plan = plan_of(bench);
    char *text = made_text(3000);
    plan->size = 3000;
    bench->peer->answer = refuse_first;
    put(bench, text, 3000);
    bench_expect(bench, "1 response 204 0 ");
    assert_int_equal(plan->requests, 1 + 94);
    assert_memory_equal(buf_bytes(&plan->body), text, 3000);
    free(text);
}

/* ---- uploads that go wrong ---- */

static void acknowledge_other(struct message *response, unsigned step)
{
    static uint8_t value[4];
    if (step == 2) {
        response->options[0] = peer_block(BLOCK1, 7, true, 6, value);
    }
}

static void acknowledge_reserved(struct message *response, unsigned step)
{
    static uint8_t value[4];
    if (step == 2) {
        response->options[0] = peer_block(BLOCK1, 1, true, 7, value);
    }
}

static void answer_early(struct message *response, unsigned step)
{
    if (step == 2) {
        response->code = 0x44;
        response->option_count = 0;
    }
}

static void continue_always(struct message *response, unsigned step)
{
    (void)step;
    response->code = 0x5f;
}

static void test_bad_uploads(void **state)
{
    static const struct {
        void (*spoil)(struct message *response, unsigned step);
        unsigned steps;
    } cases[] = {
        {acknowledge_other, 2}, {acknowledge_reserved, 2}, {answer_early, 2}, {continue_always, 5}};
    struct bench *bench = *state;
    struct plan *plan = plan_of(bench);
    char *text = made_text(5000);
    bench->peer->answer = receive;
    plan->size = 5000;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        plan->requests = 0;
        plan->spoil = cases[i].spoil;
        buf_clear(&plan->body);
        put(bench, text, 5000);
        bench_expect(bench, "%u broken", i + 1);
        assert_int_equal(plan->requests, cases[i].steps);
    }
    free(text);
}

static void refuse_second(struct message *response, unsigned step)
{
    if (step == 2) {
        response->code = 0x88;
        response->option_count = 0;
    }
}

static void test_error_in_upload(void **state)
{
    struct bench *bench = *state;
    struct plan *plan = plan_of(bench);
    char *text = made_text(5000);
    bench->peer->answer = receive;
    plan->size = 5000;
    plan->spoil = refuse_second;
    put(bench, text, 5000);
    bench_expect(bench, "1 response 408 0 ");
    assert_int_equal(plan->requests, 2);
    free(text);
}

/* ---- both ways ---- */

static void receive_and_serve(struct peer *peer, const struct message *message)
{
    struct plan *plan = peer->ctx;
    long block = peer_number(message, BLOCK1);
    if (block >= 0 && block & 8) {
        receive(peer, message);
        return;
    }
    if (block < 0) {
        assert_int_equal(message->len, 0);
        serve(peer, message);
        return;
    }
    note_request(plan, message);
    buf_add(&plan->body, message->bytes, message->len);
    uint8_t block1[4];
    uint8_t block2[4];
    char *text = made_text(plan->size);
    struct message response = peer_response(message, 0x45, "");
    response.bytes = text;
    response.len = 256;
    response.options[0] = (struct option){ETAG, "tag", 3};
    response.options[1] = peer_block(BLOCK2, 0, true, 4, block2);
    response.options[2] = peer_block(BLOCK1, (unsigned)block >> 4, false, 6, block1);
    response.option_count = 3;
    peer_send(peer, &response);
    free(text);
}

static void test_both_ways(void **state)
{
    struct bench *bench = *state;
    struct plan *plan = plan_of(bench);
    char *text = made_text(3000);
    plan->size = 3000;
    plan->szx = 6;
    bench->peer->answer = receive_and_serve;
    put(bench, text, 3000);
    char *line = bench_take(bench);
    assert_int_equal(strncmp(line, "1 response 205 3000 ", 20), 0);
    free(line);
    assert_memory_equal(buf_bytes(&plan->body), text, 3000);
    assert_memory_equal(buf_bytes(&bench->body), text, 3000);
    assert_int_equal(plan->requests, 3 + 11);
    free(text);
}

static void test_body_limit(void **state)
{
    struct bench *bench = *state;
    const struct coap_client_request request = {.method = COAP_CLIENT_PUT,
                                                .path = "/u",
                                                .bytes = "",
                                                .len = COAP_CLIENT_BODY_MAX + 1,
                                                .timeout_ms = 1000};
    bench_ping(bench, 500);
    assert_int_equal(coap_client_send(bench->client, &request, NULL, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_download, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_downloads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_error_in_download, setup, teardown),
        cmocka_unit_test_setup_teardown(test_endless, setup, teardown),
        cmocka_unit_test_setup_teardown(test_half, setup, teardown),
        cmocka_unit_test_setup_teardown(test_upload, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_smaller, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_uploads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_error_in_upload, setup, teardown),
        cmocka_unit_test_setup_teardown(test_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(test_body_limit, setup, teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
