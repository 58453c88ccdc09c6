/* The CoAP family: its table, parameters and life. */
#include "dialect/ica/coap.h"

#include <stdlib.h>
#include <string.h>

#include "dialect/ica/instance.h"

/* ---- life ---- */

void ica_coap_power_on(struct ica *ica)
{
    ica_auth_load(ica, &ica_coap_auth);
    ica_coap_load_server(ica);
}

void ica_coap_power_off(struct ica *ica)
{
    struct ica_coap *coap = &ica->coap;
    ica_coap_unload_server(ica);
    ica_coap_end_requests(ica, false);
    ica_auth_wipe(&coap->auth);
    for (int i = 0; i < ICA_COAP_SENDS; i++) {
        ica_forget(&coap->sent[i]);
    }
    ica_forget(&coap->received);
    ica_forget(&coap->received_binary);
    *coap = (struct ica_coap){0};
}

/* ---- ICOAPARA ---- */

static const struct at_param para_tags[] = {
    {.name = "TIMEOUT", .type = AT_DECIMAL, .min = 500, .max = 120000}};

static at_result para_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    struct buf line = {0};
    buf_add_text(&line, "+ICOAPARA:\"TIMEOUT\",");
    ica_put_seconds(&line, kept_number(&ica->kept, ICA_COAP_TIMEOUT));
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
    buf_free(&line);
    return AT_OK;
}

static at_result para_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    struct kept_changes set = {.kept = &ica->kept};
    kept_change_given_number(&set, ICA_COAP_TIMEOUT, &call->tags[0]);
    return kept_save(&set, call);
}

/* ---- the table ---- */

static bool path_valid(const char *bytes, size_t len)
{
    if (!ica_no_nul(bytes, len)) {
        return false;
    }
    char *path = ica_absolute_path(bytes);
    bool valid = coap_client_path_valid(path, strlen(path));
    free(path);
    return valid;
}

static const struct at_param text_params[] = {ICA_METHOD, ICA_PATH(path_valid), ICA_MESSAGE};
static const struct at_param binary_params[] = {ICA_METHOD, ICA_PATH(path_valid), ICA_MSG_LEN};

#define SEND_TEXT                                                                                  \
    .forms = AT_TEST | AT_READ | AT_SET, AT_PARAMS(text_params), .read = ica_coap_text_read,       \
    .set = ica_coap_text_set
#define SEND_BINARY                                                                                \
    .forms = AT_TEST | AT_READ | AT_SET, AT_PARAMS(binary_params),                                 \
    .test_after = "\"bin_message\"", .read = ica_coap_binary_read, .set = ica_coap_binary_set,     \
    .data = ica_coap_binary_data

static const struct at_command rows[] = {
    {.name = "+ICOAPARA",
     .aliases = "+ICOAPPARA",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_TAGS(para_tags),
     .read = para_read,
     .set = para_set,
     .help = "time limit of a CoAP request"},
    {.name = "+ICOAPAUTH",
     ICA_AUTH_COMMAND,
     .help = "authenticate the device with the CoAP server; without values: the stored ones"},
    {.name = "+ICOAPSENDREQ", SEND_TEXT, .help = "send a confirmable request"},
    {.name = "+ICOAPSENDBIN",
     .aliases = "+ICOAPSEENDBIN +ICOAPSENBIN",
     SEND_BINARY,
     .help = "send a confirmable request with binary data; length 0: ended by +++"},
    {.name = "+ICOAPSENDREQN", SEND_TEXT, .help = "send a non-confirmable request"},
    {.name = "+ICOAPSENDNBIN",
     SEND_BINARY,
     .help = "send a non-confirmable request with binary data; length 0: ended by +++"},
    {.name = "+ICOAPRCVRSP",
     .forms = AT_TEST | AT_READ,
     .read = ica_coap_rcvrsp_read,
     .help = "the last response received as text"},
    {.name = "+ICOAPRCVBIN",
     .forms = AT_TEST | AT_READ,
     .read = ica_coap_rcvbin_read,
     .help = "the last response received as binary data"},
};

const struct at_table ica_coap_table = {rows, sizeof rows / sizeof *rows};
