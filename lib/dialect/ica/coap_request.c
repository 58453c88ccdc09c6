/* ICOAPSENDREQ, ICOAPSENDBIN, ICOAPSENDREQN, ICOAPSENDNBIN, and the responses. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/ica/instance.h"

static const struct {
    const char *name;
    bool confirmable;
} sends[ICA_COAP_SENDS] = {
    [ICA_SENDREQ] = {"+ICOAPSENDREQ", true},
    [ICA_SENDBIN] = {"+ICOAPSENDBIN", true},
    [ICA_SENDREQN] = {"+ICOAPSENDREQN", false},
    [ICA_SENDNBIN] = {"+ICOAPSENDNBIN", false},
};

static const struct ica_report report = {"+ICOAPRCVRSP", "+ICOAPRCVBIN", true};

static enum ica_coap_send which(const struct at_call *call)
{
    int send = 0;
    while (strcmp(sends[send].name, call->command->name) != 0) {
        send++;
    }
    return (enum ica_coap_send)send;
}

/* ---- requests under way ---- */

struct ica_coap_request {
    struct ica_coap_request *next;
    struct ica *ica;
    enum ica_coap_send send;
    uint16_t token;
    char path[]; /* as the host wrote it */
};

static void forget_request(struct ica_coap_request *request)
{
    struct ica_coap_request **link = &request->ica->coap.requests;
    while (*link != request) {
        link = &(*link)->next;
    }
    *link = request->next;
    free(request);
}

size_t ica_coap_outstanding(const struct ica *ica)
{
    size_t count = 0;
    for (const struct ica_coap_request *request = ica->coap.requests; request;
         request = request->next) {
        count++;
    }
    return count;
}

enum status { SUCCESS, TIMED_OUT, OTHER_ERROR };

static void report_status(const struct ica_coap_request *request, enum status status)
{
    if (sends[request->send].confirmable) {
        at_urc_line(request->ica->env.at, "%s:%u,%d", sends[request->send].name, request->token,
                    (int)status);
    }
}

void ica_coap_end_requests(struct ica *ica, bool told)
{
    while (ica->coap.requests) {
        if (told) {
            report_status(ica->coap.requests, OTHER_ERROR);
        }
        forget_request(ica->coap.requests);
    }
}

static enum status status_of(const struct coap_client_response *response)
{
    if (response->outcome == COAP_CLIENT_TIMEOUT) {
        return TIMED_OUT;
    }
    bool good = response->outcome == COAP_CLIENT_RESPONSE && response->code / 100 == 2;
    return good ? SUCCESS : OTHER_ERROR;
}

static void answered(void *ctx, uint16_t token, const struct coap_client_response *response)
{
    struct ica_coap_request *request = ctx;
    struct ica *ica = request->ica;
    (void)token;
    report_status(request, status_of(response));
    if (response->outcome == COAP_CLIENT_RESPONSE) {
        ica_receive(ica, &report, &ica->coap.received, &ica->coap.received_binary, request->path,
                    response->bytes, response->len, "%u", request->token);
    }
    forget_request(request);
}

/* ---- sending ---- */

static at_result send_request(struct ica *ica, const struct at_call *call, const char *bytes,
                              size_t len)
{
    enum ica_coap_send send = which(call);
    int method = (int)call->params[0].number;
    const struct at_value *path = &call->params[1];
    struct ica_coap_request *request = mem_zeroed(sizeof *request + path->len + 1);
    *request = (struct ica_coap_request){.next = ica->coap.requests, .ica = ica, .send = send};
    memcpy(request->path, path->text, path->len);
    ica->coap.requests = request;
    char *absolute = ica_absolute_path(path->text);
    request->token =
        ica_coap_send(ica,
                      &(struct coap_client_request){
                          .method = (enum coap_client_method)method,
                          .confirmable = sends[send].confirmable,
                          .path = absolute,
                          .bytes = bytes,
                          .len = len,
                          .content_format = -1,
                          .accept = -1,
                          .timeout_ms = (unsigned)kept_number(&ica->kept, ICA_COAP_TIMEOUT),
                      },
                      answered, request);
    free(absolute);
    if (!request->token) {
        forget_request(request);
        return ICA_MEMORY_FULL;
    }
    ica_remember(&ica->coap.sent[send], path->text, path->len, bytes, len, "%d", method);
    at_info(call->at, call->ticket, "%s:%u", call->command->name, request->token);
    return AT_OK;
}

at_result ica_coap_text_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    if (!ica_coap_ready(ica)) {
        return ICA_NOT_ALLOWED;
    }
    return send_request(ica, call, call->params[2].text, call->params[2].len);
}

at_result ica_coap_binary_set(void *ctx, struct at_call *call)
{
    if (!ica_coap_ready(ctx)) {
        return ICA_NOT_ALLOWED;
    }
    return ica_open_data(call, (size_t)call->params[2].number);
}

at_result ica_coap_binary_data(void *ctx, struct at_call *call, const char *bytes, size_t len)
{
    return send_request(ctx, call, bytes, len);
}

/* ---- read forms ---- */

at_result ica_coap_text_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    return ica_repeat_text(ica, call, &ica->coap.sent[which(call)], ICA_NUMBERS_FIRST);
}

at_result ica_coap_binary_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    return ica_repeat_binary(ica, call, &ica->coap.sent[which(call)], ICA_NUMBERS_FIRST);
}

at_result ica_coap_rcvrsp_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    return ica_received_text(ica, call, &report, &ica->coap.received);
}

at_result ica_coap_rcvbin_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    return ica_received_binary(ica, call, &report, &ica->coap.received_binary);
}
