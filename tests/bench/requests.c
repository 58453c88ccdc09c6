/* CoAP and HTTP requests, one command at a time: a bare echo and the library itself. */
#include <arpa/inet.h>
#include <coap3/coap.h>
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

/* What the reports of both end with; a line of an OK does not. */
static const char report_end[] = "\"\r\n";

struct requests {
    int line;
    const char *command;
    struct echo echo;
    size_t answers[BLOCK]; /* bytes: they hold tokens of one to five digits */
    void (*direct)(struct requests *requests);

    coap_context_t *context;
    coap_session_t *session;
    bool responded;
    CURL *easy;
    char url[64];
};

static void modem_block(void *ctx)
{
    struct requests *requests = ctx;
    for (int i = 0; i < BLOCK; i++) {
        line_send(requests->line, requests->command, strlen(requests->command));
        requests->answers[i] = line_read_until(requests->line, report_end);
    }
}

static void direct_block(void *ctx)
{
    struct requests *requests = ctx;
    for (int i = 0; i < BLOCK; i++) {
        echo_ask(&requests->echo, requests->command, strlen(requests->command),
                 requests->answers[i]);
        requests->direct(requests);
    }
}

static void measure(struct requests *requests)
{
    echo_start(&requests->echo);
    run_pairs(modem_block, direct_block, requests);
    echo_stop(&requests->echo);
}

/* ---- CoAP ---- */

static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent,
                                   const coap_pdu_t *received, const coap_mid_t mid)
{
    (void)sent;
    (void)received;
    (void)mid;
    struct requests *requests = coap_session_get_app_data(session);
    requests->responded = true;
    return COAP_RESPONSE_OK;
}

static void direct_coap(struct requests *requests)
{
    unsigned char token[8];
    size_t token_len = 0;
    coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, requests->session);
    coap_session_new_token(requests->session, &token_len, token);
    if (!pdu || !coap_add_token(pdu, token_len, token) ||
        !coap_add_option(pdu, COAP_OPTION_URI_PATH, 4, (const unsigned char *)"time") ||
        coap_send(requests->session, pdu) == COAP_INVALID_MID) {
        die("a CoAP request");
    }
    requests->responded = false;
    while (!requests->responded) {
        if (coap_io_process(requests->context, 5000) < 0) {
            die("a CoAP response");
        }
    }
}

void measure_coap(char **args)
{
    struct requests requests = {.line = line_open(args[0]),
                                .command = "AT+ICOAPSENDREQ=1,\"/time\",\"\"\r",
                                .direct = direct_coap};
    coap_address_t server;
    coap_startup();
    coap_address_init(&server);
    server.addr.sin.sin_family = AF_INET;
    server.addr.sin.sin_port = htons((uint16_t)atoi(args[1]));
    server.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.size = sizeof server.addr.sin;
    requests.context = coap_new_context(NULL);
    requests.session = coap_new_client_session(requests.context, NULL, &server, COAP_PROTO_UDP);
    if (!requests.session) {
        die("a CoAP session");
    }
    coap_session_set_app_data(requests.session, &requests);
    coap_register_response_handler(requests.context, on_response);
    measure(&requests);
    coap_session_release(requests.session);
    coap_free_context(requests.context);
}

/* ---- HTTP ---- */

/* A server that is as fast as one can be: each request gets the same two bytes. */
static _Noreturn void serve_http(int listener)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            _exit(1);
        }
        if (fork() != 0) {
            close(fd);
            continue;
        }
        char request[4096];
        while (read(fd, request, sizeof request) > 0) { /* short ones come in one piece */
            if (write(fd, answer, sizeof answer - 1) < 0) {
                break;
            }
        }
        _exit(0);
    }
}

static size_t throw_away(char *bytes, size_t size, size_t count, void *ctx)
{
    (void)bytes;
    (void)ctx;
    return size * count;
}

static void direct_http(struct requests *requests)
{
    if (curl_easy_perform(requests->easy) != CURLE_OK) {
        die("an HTTP request");
    }
}

void measure_http(char **args)
{
    struct requests requests = {.line = line_open(args[0]),
                                .command = "AT+IHTTPSEND=2,\"/\",\"hello\"\r",
                                .direct = direct_http};
    snprintf(requests.url, sizeof requests.url, "http://127.0.0.1:%d/", atoi(args[1]));
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/octet-stream");
    requests.easy = curl_easy_init();
    curl_easy_setopt(requests.easy, CURLOPT_URL, requests.url);
    curl_easy_setopt(requests.easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(requests.easy, CURLOPT_POSTFIELDS, "hello");
    curl_easy_setopt(requests.easy, CURLOPT_WRITEFUNCTION, throw_away);
    measure(&requests);
    curl_easy_cleanup(requests.easy);
    curl_slist_free_all(headers);
    curl_global_cleanup();
}

void serve_requests(char **args)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(args[0])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0) {
        die("listen");
    }
    alarm(0); /* as long as it is let */
    signal(SIGCHLD, SIG_IGN);
    serve_http(fd);
}
