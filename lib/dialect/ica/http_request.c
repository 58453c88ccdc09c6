/* IHTTPSEND, IHTTPSENDREQ, IHTTPSENDBIN, IHTTPDISCONN, and the responses. Requests are sent one
 * after the other, so that outcomes come in their order. */
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/aliyun_http.h"
#include "dialect/ica/instance.h"

enum {
    RESPONSE_MAX = 64 * 1024, /* bytes of a body that is reported */
    REQUESTS_MAX = 32,        /* that wait */
};

static const char *const names[ICA_HTTP_SENDS] = {
    [ICA_HTTP_SEND] = "+IHTTPSEND",
    [ICA_HTTP_SENDREQ] = "+IHTTPSENDREQ",
    [ICA_HTTP_SENDBIN] = "+IHTTPSENDBIN",
};

static const struct ica_report report = {"+IHTTPRCVRSP", "+IHTTPRCVBIN", true};

static enum ica_http_send which(const struct at_call *call)
{
    int send = 0;
    while (send < ICA_HTTP_SENDS - 1 && strcmp(names[send], call->command->name) != 0) {
        send++;
    }
    return (enum ica_http_send)send;
}

/* A request from its command to its outcome. */
struct ica_http_request {
    struct ica_http_request *next;
    enum ica_http_send send;
    uint16_t token;
    int method;
    char *path; /* as the host wrote it */
    char *bytes;
    size_t len;
};

static void begin_next(struct ica *ica);

/* ---- outcomes ---- */

static void free_request(struct ica_http_request *request)
{
    free(request->path);
    free(request->bytes);
    free(request);
}

/* `+IHTTPSEND:0,LENGTH,"RESPONSE"`, or `+IHTTPSEND:STATUS`. */
static void report_send(struct ica *ica, enum ica_http_status status, const char *bytes, size_t len)
{
    struct buf line = {0};
    buf_printf(&line, "%s:%d", names[ICA_HTTP_SEND], (int)status);
    if (status == ICA_HTTP_SUCCESS) {
        buf_printf(&line, ",%zu,", len);
        ica_put_quoted(&line, bytes, len, ica->settings->rcv_escape);
    }
    at_urc(ica->env.at, &(struct at_urc){.line = buf_bytes(&line), .len = buf_len(&line)});
    buf_free(&line);
}

static void report_outcome(struct ica *ica, const struct ica_http_request *request,
                           enum ica_http_status status, const char *bytes, size_t len)
{
    if (request->send == ICA_HTTP_SEND) {
        report_send(ica, status, bytes, len);
    } else if (status == ICA_HTTP_SUCCESS) {
        ica_receive(ica, &report, &ica->http.received, &ica->http.received_binary, request->path,
                    bytes, len, "%u,%d", request->token, (int)status);
    } else {
        struct buf line = {0};
        buf_printf(&line, "%s%c%u,%d", report.text_name, ica->settings->urc_equals ? '=' : ':',
                   request->token, (int)status);
        ica_urc_ok(ica, buf_bytes(&line), buf_len(&line));
        buf_free(&line);
    }
}

/* The first request is over. */
static void conclude(struct ica *ica, enum ica_http_status status, const char *bytes, size_t len)
{
    struct ica_http_request *request = ica->http.requests;
    ica->http.requests = request->next;
    ica->http.transfer = NULL;
    report_outcome(ica, request, status, bytes, len);
    free_request(request);
}

static enum ica_http_status plain_status(int status)
{
    if (status / 100 == 2) {
        return ICA_HTTP_SUCCESS;
    }
    return status == 401 || status == 403 ? ICA_HTTP_TOKEN_WRONG
           : status == 429                ? ICA_HTTP_TOO_OFTEN
                                          : ICA_HTTP_OTHER_ERROR;
}

/* The code in the answer decides, whatever the HTTP status is. */
static enum ica_http_status cloud_status(const struct http_response *response)
{
    switch (aliyun_http_report_code(response->bytes, response->len)) {
    case ALIYUN_HTTP_SUCCESS:
        return ICA_HTTP_SUCCESS;
    case ALIYUN_HTTP_TOKEN_EXPIRED:
        return ICA_HTTP_TOKEN_EXPIRED;
    case ALIYUN_HTTP_TOKEN_EMPTY:
        return ICA_HTTP_TOKEN_EMPTY;
    case ALIYUN_HTTP_TOKEN_WRONG:
        return ICA_HTTP_TOKEN_WRONG;
    case ALIYUN_HTTP_PUBLISH_FAILED:
        return ICA_HTTP_SEND_FAILED;
    case ALIYUN_HTTP_TOO_MANY:
        return ICA_HTTP_TOO_OFTEN;
    default:
        return ICA_HTTP_OTHER_ERROR;
    }
}

static enum ica_http_status status_of(const struct ica *ica, const struct http_response *response)
{
    switch (response->outcome) {
    case HTTP_DONE:
        return ica_http_to_cloud(ica) ? cloud_status(response) : plain_status(response->status);
    case HTTP_FAILED_RESOLVE:
    case HTTP_FAILED_CONNECT:
    case HTTP_FAILED_TLS:
    case HTTP_FAILED_SEND:
        return ICA_HTTP_SEND_FAILED;
    case HTTP_FAILED_SETUP:
    case HTTP_BROKEN:
    case HTTP_TIMEOUT:
    case HTTP_TOO_LARGE:
    case HTTP_REDIRECTS:
    case HTTP_STOPPED:
        break;
    }
    return ICA_HTTP_OTHER_ERROR;
}

static void answered(void *ctx, const struct http_response *response)
{
    struct ica *ica = ctx;
    conclude(ica, status_of(ica, response), response->bytes, response->len);
    begin_next(ica);
}

/* ---- sending ---- */

static void send_first(struct ica *ica)
{
    static const enum http_method methods[] = {[1] = HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE};
    const struct ica_http_request *request = ica->http.requests;
    bool cloud = ica_http_to_cloud(ica);
    bool body = request->len || request->method == 2 || request->method == 3;
    char *absolute = ica_absolute_path(request->path);
    char *path = mem_printf("%s%s", cloud ? "/topic" : "", absolute);
    char *url = ica_http_url(ica, path);
    char *password = mem_printf("password: %s", ica->http.token);
    const char *headers[3] = {0};
    size_t count = 0;
    if (body) {
        headers[count++] = "Content-Type: application/octet-stream";
    }
    if (cloud) {
        headers[count++] = password;
    }
    ica->http.transfer =
        http_send(ica->http.service,
                  &(struct http_request){
                      .method = methods[request->method],
                      .url = url,
                      .headers = headers,
                      .body = request->bytes,
                      .len = request->len,
                      .keep_alive = kept_number(&ica->kept, ICA_HTTP_KEEPALIVE) == 1,
                      .timeout_ms = (unsigned)kept_number(&ica->kept, ICA_HTTP_TIMEOUT),
                      .body_max = RESPONSE_MAX,
                      .range_from = -1,
                      .tls = ica_http_tls(ica),
                  },
                  answered, ica);
    mem_wipe(password, strlen(password));
    free(password);
    free(url);
    free(path);
    free(absolute);
}

static void begin_next(struct ica *ica)
{
    while (ica->http.requests && !ica->http.transfer) {
        if (ica->http.auth.passed) {
            send_first(ica);
        } else {
            conclude(ica, ICA_HTTP_TOKEN_EMPTY, "", 0);
        }
    }
}

static uint16_t next_token(struct ica *ica)
{
    uint16_t *last = &ica->http.last_token;
    if (!*last) {
        RAND_bytes((unsigned char *)last, sizeof *last);
    }
    *last = *last == UINT16_MAX ? 1 : (uint16_t)(*last + 1);
    return *last;
}

static at_result send_request(struct ica *ica, const struct at_call *call, const char *bytes,
                              size_t len)
{
    if (ica_http_outstanding(ica) >= REQUESTS_MAX) {
        return ICA_MEMORY_FULL;
    }
    enum ica_http_send send = which(call);
    const struct at_value *path = &call->params[1];
    struct ica_http_request *request = mem_zeroed(sizeof *request);
    request->send = send;
    request->method = (int)call->params[0].number;
    request->path = mem_string(path->text);
    request->bytes = mem_copy(bytes, len);
    request->len = len;
    if (send != ICA_HTTP_SEND) {
        request->token = next_token(ica);
        at_info(call->at, call->ticket, "%s:%u", call->command->name, request->token);
    }
    ica_remember(&ica->http.sent[send], path->text, path->len, bytes, len, "%d", request->method);
    struct ica_http_request **link = &ica->http.requests;
    while (*link) {
        link = &(*link)->next;
    }
    *link = request;
    begin_next(ica);
    return AT_OK;
}

at_result ica_http_text_set(void *ctx, struct at_call *call)
{
    return send_request(ctx, call, call->params[2].text, call->params[2].len);
}

at_result ica_http_binary_set(void *ctx, struct at_call *call)
{
    (void)ctx;
    return ica_open_data(call, (size_t)call->params[2].number);
}

at_result ica_http_binary_data(void *ctx, struct at_call *call, const char *bytes, size_t len)
{
    return send_request(ctx, call, bytes, len);
}

/* ---- IHTTPDISCONN ---- */

at_result ica_http_disconnect(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    (void)call;
    http_cancel(ica->http.transfer);
    while (ica->http.requests) {
        conclude(ica, ICA_HTTP_OTHER_ERROR, "", 0);
    }
    http_close_idle(ica->http.service);
    return AT_OK;
}

void ica_http_drop_requests(struct ica *ica)
{
    while (ica->http.requests) {
        struct ica_http_request *next = ica->http.requests->next;
        free_request(ica->http.requests);
        ica->http.requests = next;
    }
}

size_t ica_http_outstanding(const struct ica *ica)
{
    size_t count = 0;
    for (const struct ica_http_request *request = ica->http.requests; request;
         request = request->next) {
        count++;
    }
    return count;
}

/* ---- read forms ---- */

at_result ica_http_text_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    return ica_repeat_text(ica, call, &ica->http.sent[which(call)], ICA_NUMBERS_FIRST);
}

at_result ica_http_binary_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    return ica_repeat_binary(ica, call, &ica->http.sent[which(call)], ICA_NUMBERS_FIRST);
}

at_result ica_http_rcvrsp_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    return ica_received_text(ica, call, &report, &ica->http.received);
}

at_result ica_http_rcvbin_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    return ica_received_binary(ica, call, &report, &ica->http.received_binary);
}
