#include "service/coap/coap_request.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "service/coap/coap_path.h"

enum {
    DATAGRAM_MAX = 1152, /* RFC 7252 4.6 */
    HEADER = 4,
    TOKEN = 2,
    /* With the copies of libcoap six datagrams, at 0, 1, 3, 7, 15 and 31 times the pace. */
    ROUNDS = 3,
};

/* A copy this close to the end of a request might leave after it. */
static const double MARGIN = 0.1;

/* ---- creation ---- */

/* Behind those of the same number (RFC 7252 3.1: their order counts). */
static void add_option(struct coap_request *request, unsigned number, const void *bytes, size_t len)
{
    size_t at = request->option_count++;
    request->options =
        mem_resize(request->options, request->option_count * sizeof *request->options);
    while (at > 0 && request->options[at - 1].number > number) {
        request->options[at] = request->options[at - 1];
        at--;
    }
    request->options[at] =
        (struct coap_client_option){.number = number, .bytes = mem_copy(bytes, len), .len = len};
}

static void add_part(void *ctx, unsigned number, const char *bytes, size_t len)
{
    add_option(ctx, number, bytes, len);
}

static void add_number(struct coap_request *request, unsigned number, int value)
{
    uint8_t bytes[4];
    if (value >= 0) {
        add_option(request, number, bytes,
                   coap_encode_var_safe(bytes, sizeof bytes, (unsigned)value));
    }
}

/* RFC 7252 6.4: for names only, in lower case. */
static void add_host(struct coap_request *request, const char *host)
{
    struct in_addr number;
    size_t len = strlen(host);
    if (len == 0 || len > 255 || strchr(host, ':') || inet_pton(AF_INET, host, &number) == 1) {
        return;
    }
    char *lower = mem_string(host);
    for (size_t i = 0; i < len; i++) {
        lower[i] = (char)tolower((unsigned char)lower[i]);
    }
    add_option(request, COAP_OPTION_URI_HOST, lower, len);
    free(lower);
}

/* As the options of the request are encoded. */
static size_t options_len(const struct coap_request *request)
{
    size_t len = 0;
    unsigned last = 0;
    for (size_t i = 0; i < request->option_count; i++) {
        const struct coap_client_option *option = &request->options[i];
        len += coap_opt_encode_size((uint16_t)(option->number - last), option->len);
        last = option->number;
    }
    return len;
}

static struct coap_request *create(void)
{
    struct coap_request *request = mem_zeroed(sizeof *request);
    unsigned char random = 0;
    RAND_bytes(&random, 1);
    request->pace = 1 + random / 512.0; /* RFC 7252 4.8: ACK_RANDOM_FACTOR 1.5 */
    request->mid = COAP_INVALID_MID;
    request->due = true;
    return request;
}

struct coap_request *coap_request_create(const struct coap_client_request *asked, const char *host)
{
    struct coap_request *request = create();
    request->method = asked->method;
    request->confirmable = asked->confirmable;
    request->body = mem_copy(asked->bytes, asked->len);
    add_host(request, host);
    coap_path_split(asked->path, strlen(asked->path), add_part, request);
    add_number(request, COAP_OPTION_CONTENT_FORMAT, asked->content_format);
    add_number(request, COAP_OPTION_ACCEPT, asked->accept);
    for (size_t i = 0; i < asked->option_count; i++) {
        const struct coap_client_option *option = &asked->options[i];
        add_option(request, option->number, option->bytes, option->len);
    }
    size_t taken = HEADER + TOKEN + options_len(request);
    coap_blocks_init(&request->blocks, request->body, asked->len,
                     taken < DATAGRAM_MAX ? DATAGRAM_MAX - taken : 0);
    return request;
}

struct coap_request *coap_request_create_ping(void)
{
    struct coap_request *request = create();
    request->ping = true;
    request->confirmable = true;
    return request;
}

void coap_request_destroy(struct coap_request *request)
{
    for (size_t i = 0; i < request->option_count; i++) {
        free((void *)(uintptr_t)request->options[i].bytes);
    }
    free(request->options);
    coap_blocks_free(&request->blocks);
    free(request->body);
    free(request);
}

bool coap_request_fits(const struct coap_request *request)
{
    return request->ping || request->blocks.fits;
}

void coap_request_restart(struct coap_request *request)
{
    coap_blocks_restart(&request->blocks);
    request->token = request->number;
    request->mid = COAP_INVALID_MID;
    request->round = 0;
    request->due = true;
}

/* ---- datagrams ---- */

static bool add_options(const struct coap_request *request, const struct coap_blocks_step *step,
                        coap_pdu_t *pdu)
{
    size_t i = 0;
    size_t k = 0;
    while (i < request->option_count || k < step->option_count) {
        const struct coap_client_option *option = &request->options[i];
        bool of_step = i == request->option_count ||
                       (k < step->option_count && step->options[k].number < option->number);
        size_t added = of_step ? coap_add_option(pdu, step->options[k].number, step->options[k].len,
                                                 step->options[k].bytes)
                               : coap_add_option(pdu, (coap_option_num_t)option->number,
                                                 option->len, option->bytes);
        if (!added) {
            return false;
        }
        of_step ? k++ : i++;
    }
    return true;
}

static coap_pdu_t *make_pdu(const struct coap_request *request)
{
    const uint8_t token[TOKEN] = {(uint8_t)(request->token >> 8), (uint8_t)request->token};
    coap_pdu_t *pdu =
        coap_pdu_init(request->confirmable ? COAP_MESSAGE_CON : COAP_MESSAGE_NON,
                      (coap_pdu_code_t)request->method, request->mid, DATAGRAM_MAX - HEADER);
    if (!pdu) {
        abort(); /* no memory */
    }
    if (request->ping) {
        return pdu;
    }
    struct coap_blocks_step step = coap_blocks_step(&request->blocks);
    if (!coap_add_token(pdu, sizeof token, token) || !add_options(request, &step, pdu) ||
        (step.len && !coap_add_data(pdu, step.len, (const uint8_t *)step.bytes))) {
        coap_delete_pdu(pdu);
        return NULL;
    }
    return pdu;
}

/* Seconds to the copy that libcoap sends; 0: nothing is worth sending any more. */
static double wait_for(const struct coap_request *request)
{
    double left = request->deadline - clock_seconds();
    double wait = request->pace * (1U << (2 * request->round));
    wait = wait > left / 2 ? left / 2 : wait;
    wait = wait < 1 ? 1 : wait; /* libcoap knows nothing below */
    if (wait + MARGIN <= left) {
        return wait;
    }
    return request->round ? 0 : COAP_PEER_NEVER;
}

bool coap_request_transmit(struct coap_request *request, struct coap_peer *peer)
{
    double wait = wait_for(request);
    request->due = false;
    if (wait <= 0) {
        return true;
    }
    if (request->mid == COAP_INVALID_MID) {
        request->mid = coap_peer_next_mid(peer);
    }
    coap_pdu_t *pdu = make_pdu(request);
    if (!pdu) {
        return false;
    }
    request->sent_at = clock_seconds();
    request->unattended = request->confirmable && wait >= COAP_PEER_NEVER;
    coap_peer_send(peer, pdu, wait);
    return true;
}

void coap_request_unanswered(struct coap_request *request)
{
    if (request->round + 1 < ROUNDS) {
        request->round++;
        request->due = true;
    }
}

const char *coap_request_text(const struct coap_request *request, char *text, size_t size)
{
    static const char *const methods[] = {"ping", "GET", "POST", "PUT", "DELETE"};
    size_t len = (size_t)snprintf(text, size, "%s", methods[request->ping ? 0 : request->method]);
    const char *lead = " /";
    for (size_t i = 0; i < request->option_count && len < size; i++) {
        const struct coap_client_option *option = &request->options[i];
        if (option->number == COAP_OPTION_URI_PATH) {
            len +=
                (size_t)snprintf(text + len, size - len, "%s%s", lead, (const char *)option->bytes);
            lead = "/";
        }
    }
    return text;
}
