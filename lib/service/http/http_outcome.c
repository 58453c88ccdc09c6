#include "service/http/http_outcome.h"

#include <stdio.h>
#include <string.h>

#include "service/http/http_transfer.h"

static bool is_tls(CURLcode code)
{
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
        return true;
    default:
        return false;
    }
}

static bool is_setup(CURLcode code)
{
    switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_FAILED_INIT:
    case CURLE_URL_MALFORMAT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
        return true;
    default:
        return false;
    }
}

/* After the request began to go out. With TLS 1.3 a server refuses a client's certificate only
 * then. */
static enum http_outcome after_connecting(const struct http_transfer *transfer, CURLcode code)
{
    if (transfer->status) {
        return HTTP_BROKEN;
    }
    switch (code) {
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return strstr(transfer->error, "SSL routines:") && strstr(transfer->error, "alert")
                   ? HTTP_FAILED_TLS
                   : HTTP_FAILED_SEND;
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return HTTP_FAILED_SEND;
    default:
        return HTTP_BROKEN;
    }
}

static enum http_outcome outcome_of(const struct http_transfer *transfer, CURLcode code,
                                    bool connected)
{
    switch (code) {
    case CURLE_OK: /* also if the connection ended within the head */
        return transfer->head.complete ? HTTP_DONE : HTTP_BROKEN;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HTTP_FAILED_RESOLVE;
    case CURLE_COULDNT_CONNECT:
        return HTTP_FAILED_CONNECT;
    default:
        break;
    }
    if (connected) {
        return after_connecting(transfer, code);
    }
    return is_tls(code)     ? HTTP_FAILED_TLS
           : is_setup(code) ? HTTP_FAILED_SETUP
                            : HTTP_FAILED_CONNECT;
}

/* Whether libcurl's own words are of use. On a connection that has just been reset it begins with
 * what it cannot find out about it. */
static bool tells(const struct http_transfer *transfer)
{
    return *transfer->error && strncmp(transfer->error, "getpeername()", 13) != 0;
}

void http_outcome_note(struct http_transfer *transfer, CURLcode code, bool connected)
{
    enum http_outcome outcome = outcome_of(transfer, code, connected);
    const char *text = outcome == HTTP_DONE ? "done"
                       : code == CURLE_OK   ? "the connection ended within the head"
                       : tells(transfer)    ? transfer->error
                                            : curl_easy_strerror(code);
    http_transfer_note(transfer, outcome, "%s", text);
    for (char *at = transfer->why; *at; at++) {
        if (*at == '\n' || *at == '\r') {
            *at = ' ';
        }
    }
}

static bool has_address(const struct http_transfer *transfer)
{
    curl_off_t after = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &after);
    return after > 0;
}

const char *http_outcome_waiting(const struct http_transfer *transfer)
{
    if (transfer->head.complete) {
        return "more of the response";
    }
    if (transfer->stage == HTTP_CONNECTED) {
        return "the response";
    }
    return !has_address(transfer) ? "the name server"
           : transfer->url.secure ? "the connection and TLS"
                                  : "the connection";
}
