/* MQTTTLS: TLS or not, and certificates as PEM texts in the command line. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/uc8088/instance.h"

enum { TLS, TYPE, CONTENT, SIZE };

/* In the line a line end is two characters. */
enum { TYPED_MAX = 2 * UC_CERTIFICATE_MAX, SIZE_TOLERANCE = 2 };

at_result uc_mqtttls_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    at_info(call->at, call->ticket, "+MQTTTLS: %ld", kept_number(&uc->kept, UC_MQTT_TLS));
    return AT_OK;
}

/* Also of a text that was not in quotes: a PEM text has no backslashes. */
static void line_ends(struct buf *pem, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool escape = text[i] == '\\' && i + 1 < len && (text[i + 1] == 'n' || text[i + 1] == 'r');
        buf_add_byte(pem, !escape ? text[i] : text[i + 1] == 'n' ? '\n' : '\r');
        i += escape;
    }
}

static bool near(size_t size, size_t len)
{
    return size + SIZE_TOLERANCE >= len && size <= len + SIZE_TOLERANCE;
}

/* As it is, or as it was typed. */
static bool size_fits(const struct buf *pem, size_t size)
{
    size_t len = buf_len(pem);
    size_t typed = len;
    for (size_t i = 0; i < len; i++) {
        char c = buf_bytes(pem)[i];
        typed += c == '\n' || c == '\r';
    }
    return near(size, len) || near(size, typed);
}

static at_result check(const struct buf *pem, size_t size)
{
    if (buf_len(pem) > UC_CERTIFICATE_MAX) {
        return CME_TEXT_TOO_LONG;
    }
    bool empty = !buf_len(pem);
    if (empty != (size == 0) || memchr(buf_bytes(pem), '\0', buf_len(pem))) {
        return UC_PARAMETER;
    }
    return size_fits(pem, size) ? (at_result)AT_OK : (at_result)UC_CORRUPTED;
}

/* Whether it is a certificate shows when a connection is made. */
at_result uc_mqtttls_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    struct kept_changes set = {.kept = &uc->kept};
    const struct at_value *type = &call->params[TYPE];
    const struct at_value *content = &call->params[CONTENT];
    bool alone = !type->present && !content->present && !call->params[SIZE].present;
    if (!alone && (!type->present || !content->present || !call->params[SIZE].present)) {
        return UC_PARAMETER;
    }
    kept_change_number(&set, UC_MQTT_TLS, (long)call->params[TLS].number);
    if (alone) {
        return kept_save(&set, call);
    }
    struct buf pem = {0};
    line_ends(&pem, content->text, content->len);
    at_result result = check(&pem, (size_t)call->params[SIZE].number);
    if (result == AT_OK) {
        kept_change_text(&set, UC_MQTT_CA + (unsigned)type->number,
                         buf_len(&pem) ? buf_bytes(&pem) : NULL, buf_len(&pem));
        result = kept_save(&set, call);
    }
    mem_wipe(pem.memory, pem.size);
    buf_free(&pem);
    return result;
}

const struct at_param uc_mqtttls_params[4] = {
    [TLS] = {.name = "tls", .type = AT_INT, .max = 1},
    [TYPE] = {.name = "type", .type = AT_INT, .max = 2, .flags = AT_OPTIONAL},
    [CONTENT] = {.name = "content",
                 .type = AT_STRING,
                 .max = TYPED_MAX,
                 .flags = AT_OPTIONAL | AT_SECRET},
    [SIZE] = {.name = "size", .type = AT_INT, .max = UC_CERTIFICATE_MAX, .flags = AT_OPTIONAL},
};
