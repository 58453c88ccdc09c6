/* The HTTP family: its table, parameters and life. */
#include "dialect/ica/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/ica/instance.h"

/* ---- life ---- */

void ica_http_power_on(struct ica *ica)
{
    ica->http.service = http_create(ica->env.services);
    ica_auth_load(ica, &ica_http_auth);
}

void ica_http_power_off(struct ica *ica)
{
    struct ica_http *http = &ica->http;
    http_destroy(http->service);
    ica_http_drop_requests(ica);
    ica_auth_wipe(&http->auth);
    mem_wipe(http->token, sizeof http->token);
    for (int i = 0; i < ICA_HTTP_SENDS; i++) {
        ica_forget(&http->sent[i]);
    }
    ica_forget(&http->received);
    ica_forget(&http->received_binary);
    *http = (struct ica_http){0};
}

/* ---- IHTTPARA ---- */

enum { PARA_KEEPALIVE, PARA_TIMEOUT };
static const struct at_param para_tags[] = {
    [PARA_KEEPALIVE] = {.name = "KEEPALIVE", .type = AT_INT, .max = 1},
    [PARA_TIMEOUT] = {.name = "TIMEOUT", .type = AT_DECIMAL, .min = 500, .max = 600000},
};

static at_result para_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    struct buf line = {0};
    buf_printf(&line, "+IHTTPARA:\"KEEPALIVE\",%ld,\"TIMEOUT\",",
               kept_number(&ica->kept, ICA_HTTP_KEEPALIVE));
    ica_put_seconds(&line, kept_number(&ica->kept, ICA_HTTP_TIMEOUT));
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
    buf_free(&line);
    return AT_OK;
}

static at_result para_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    struct kept_changes set = {.kept = &ica->kept};
    kept_change_given_number(&set, ICA_HTTP_KEEPALIVE, &call->tags[PARA_KEEPALIVE]);
    kept_change_given_number(&set, ICA_HTTP_TIMEOUT, &call->tags[PARA_TIMEOUT]);
    return kept_save(&set, call);
}

/* ---- the table ---- */

static bool path_valid(const char *bytes, size_t len)
{
    if (!ica_no_nul(bytes, len)) {
        return false;
    }
    char *path = ica_absolute_path(bytes);
    char *url = mem_printf("http://host%s", path);
    bool valid = http_url_valid(url, strlen(url));
    free(url);
    free(path);
    return valid;
}

static const struct at_param text_params[] = {ICA_METHOD, ICA_PATH(path_valid), ICA_MESSAGE};
static const struct at_param binary_params[] = {ICA_METHOD, ICA_PATH(path_valid), ICA_MSG_LEN};

static const struct at_command rows[] = {
    {.name = "+IHTTPARA",
     .aliases = "+IHTTPPARA +IHTTTPARA",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_TAGS(para_tags),
     .read = para_read,
     .set = para_set,
     .help = "kept connections, time limit of an HTTP request"},
    {.name = "+IHTTPAUTH",
     ICA_AUTH_COMMAND,
     .help = "authenticate the device with the HTTP server; without values: the stored ones"},
    {.name = "+IHTTPSEND",
     .aliases = "+IHTTSEND",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(text_params),
     .read = ica_http_text_read,
     .set = ica_http_text_set,
     .help = "send a request; its response is the result"},
    {.name = "+IHTTPSENDREQ",
     .aliases = "+IHTTSENDREQ +IHTTPSENDRQ",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(text_params),
     .read = ica_http_text_read,
     .set = ica_http_text_set,
     .help = "send a request; its response is reported by its number"},
    {.name = "+IHTTPSENDBIN",
     .aliases = "+IHTTPSENBIN +IHTTPSEENDBIN +IHTTSENDBIN +IHTTSENBIN",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(binary_params),
     .test_after = "\"bin_message\"",
     .read = ica_http_binary_read,
     .set = ica_http_binary_set,
     .data = ica_http_binary_data,
     .help = "send a request with binary data; length 0: ended by +++"},
    {.name = "+IHTTPRCVRSP",
     .forms = AT_TEST | AT_READ,
     .read = ica_http_rcvrsp_read,
     .help = "the last response received as text"},
    {.name = "+IHTTPRCVBIN",
     .forms = AT_TEST | AT_READ,
     .read = ica_http_rcvbin_read,
     .help = "the last response received as binary data"},
    {.name = "+IHTTPDISCONN",
     .aliases = "+IHTTPODISCONN",
     .forms = AT_TEST | AT_EXECUTE,
     .execute = ica_http_disconnect,
     .help = "close the kept connection and end all requests"},
};

const struct at_table ica_http_table = {rows, sizeof rows / sizeof *rows};
