/* Who the device is and how it speaks to the cloud: IMQTTAUTH, IMQTTPARA, IMQTTCRED and their IDM
 * twins, two names each of the same store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/aliyun_wifi/instance.h"

/* ---- AUTH ---- */

enum { AUTH_PRODUCT_KEY, AUTH_DEVICE_NAME, AUTH_DEVICE_SECRET, AUTH_PRODUCT_SECRET, AUTH_PARAMS };

static at_result auth_read(void *ctx, struct at_call *call)
{
    const struct aw *aw = ctx;
    struct buf line = {0};
    buf_printf(&line, "%s=%s,%s,%s,%s", call->command->name, kept_text(&aw->kept, AW_PRODUCT_KEY),
               kept_text(&aw->kept, AW_DEVICE_NAME), aw_device_secret(aw),
               kept_text(&aw->kept, AW_PRODUCT_SECRET));
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), true);
    mem_wipe(line.memory, line.size);
    buf_free(&line);
    return AT_OK;
}

static void set_credential(struct kept_changes *set, const char *kind)
{
    kept_change_text(set, AW_CREDENTIAL, kind, strlen(kind));
}

static bool differs(const struct aw *aw, enum aw_kept which, const struct at_value *value)
{
    const char *text = kept_text(&aw->kept, which);
    return strlen(text) != value->len || memcmp(text, value->text, value->len) != 0;
}

static at_result auth_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    const struct at_value *params = call->params;
    struct kept_changes set = {.kept = &aw->kept};
    if (!params[AUTH_DEVICE_SECRET].len && !params[AUTH_PRODUCT_SECRET].len) {
        return AW_ERROR_PARAMETER;
    }
    kept_change_given_text(&set, AW_PRODUCT_KEY, &params[AUTH_PRODUCT_KEY]);
    kept_change_given_text(&set, AW_DEVICE_NAME, &params[AUTH_DEVICE_NAME]);
    kept_change_given_text(&set, AW_DEVICE_SECRET, &params[AUTH_DEVICE_SECRET]);
    kept_change_given_text(&set, AW_PRODUCT_SECRET, &params[AUTH_PRODUCT_SECRET]);
    set_credential(&set, "auth");
    if (params[AUTH_DEVICE_SECRET].len ||
        differs(aw, AW_REGISTERED_PRODUCT_KEY, &params[AUTH_PRODUCT_KEY]) ||
        differs(aw, AW_REGISTERED_DEVICE_NAME, &params[AUTH_DEVICE_NAME])) {
        aw_drop_registered(&set);
    }
    return kept_save(&set, call);
}

/* ---- CRED ---- */

struct cred {
    struct at_value client_id, username, password;
};

static size_t trimmed(const char *text, size_t len)
{
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    return len;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    return at;
}

/* Takes the text up to a comma, or to the end. False: there is no such text. */
static bool take(const char **at, const char *end, const char *stop, struct at_value *value)
{
    if (!*at) {
        return false;
    }
    const char *start = skip_blanks(*at, end);
    const char *comma = stop ? stop : memchr(start, ',', (size_t)(end - start));
    value->text = start;
    value->len = trimmed(start, (size_t)((comma ? comma : end) - start));
    value->present = true;
    *at = comma ? comma + 1 : NULL;
    return value->len <= AW_LOGIN_MAX;
}

/* Commas between the first and the second bar of a client id belong to it. */
static bool split(const char *text, size_t len, struct cred *cred)
{
    const char *end = text + len;
    const char *at = text;
    const char *comma = memchr(text, ',', len);
    const char *bar = memchr(text, '|', len);
    const char *second =
        bar && (!comma || bar < comma) ? memchr(bar + 1, '|', (size_t)(end - bar - 1)) : NULL;
    if (second) {
        comma = memchr(second, ',', (size_t)(end - second));
    }
    return comma && take(&at, end, comma, &cred->client_id) && cred->client_id.len > 0 &&
           take(&at, end, NULL, &cred->username) && take(&at, end, NULL, &cred->password) && !at;
}

static bool cred_valid(const char *bytes, size_t len)
{
    struct cred cred;
    return text_no_nul(bytes, len) && split(bytes, len, &cred);
}

static at_result cred_read(void *ctx, struct at_call *call)
{
    const struct aw *aw = ctx;
    struct buf line = {0};
    buf_printf(&line, "%s:%s,%s,%s", call->command->name, kept_text(&aw->kept, AW_CLIENT_ID),
               kept_text(&aw->kept, AW_USERNAME), kept_text(&aw->kept, AW_PASSWORD));
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), true);
    mem_wipe(line.memory, line.size);
    buf_free(&line);
    return AT_OK;
}

static at_result cred_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    struct kept_changes set = {.kept = &aw->kept};
    struct cred cred;
    split(call->params[0].text, call->params[0].len, &cred);
    kept_change_given_text(&set, AW_CLIENT_ID, &cred.client_id);
    kept_change_given_text(&set, AW_USERNAME, &cred.username);
    kept_change_given_text(&set, AW_PASSWORD, &cred.password);
    set_credential(&set, "cred");
    return kept_save(&set, call);
}

/* ---- PARA ---- */

static const char *const tags[] = {"TIMEOUT", "KEEPALIVE", "TLS", "AUTHMODE", NULL};
static const enum aw_kept tag_kept[] = {AW_TIMEOUT, AW_KEEPALIVE, AW_TLS, AW_AUTHMODE};

static at_result para_read(void *ctx, struct at_call *call)
{
    const struct aw *aw = ctx;
    at_info(call->at, call->ticket,
            "%s:timeout=%ld,tls=%ld,keepalive=%ld,auth_mode=%ld,heart_beat=25", call->command->name,
            kept_number(&aw->kept, AW_TIMEOUT), kept_number(&aw->kept, AW_TLS),
            kept_number(&aw->kept, AW_KEEPALIVE), kept_number(&aw->kept, AW_AUTHMODE));
    return AT_OK;
}

static at_result para_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    enum aw_kept which = tag_kept[call->params[0].number];
    int64_t value = call->params[1].number;
    struct kept_changes set = {.kept = &aw->kept};
    if (value < aw_kept[which].min || value > aw_kept[which].max) {
        return AW_ERROR_PARAMETER;
    }
    kept_change_number(&set, which, (long)value);
    return kept_save(&set, call);
}

/* ---- the table ---- */

#define NAME(n, flag)                                                                              \
    {                                                                                              \
        .name = (n), .type = AT_STRING, .min = (flag)&AT_OPTIONAL ? 0 : 1, .max = AW_NAME_MAX,     \
        .flags = (flag), .valid = text_no_nul                                                      \
    }

static const struct at_param auth_params[AUTH_PARAMS] = {
    [AUTH_PRODUCT_KEY] = NAME("product_key", 0),
    [AUTH_DEVICE_NAME] = NAME("device_name", 0),
    [AUTH_DEVICE_SECRET] = NAME("device_secret", AT_OPTIONAL | AT_SECRET),
    [AUTH_PRODUCT_SECRET] = NAME("product_secret", AT_OPTIONAL | AT_SECRET),
};
static const struct at_param cred_params[] = {{.name = "clientid,username,passwd",
                                               .type = AT_STRING,
                                               .min = 1,
                                               .max = 4 * AW_LOGIN_MAX,
                                               .flags = AT_FREE | AT_SECRET,
                                               .valid = cred_valid}};
static const struct at_param para_params[] = {
    {.name = "ParaTag", .type = AT_CHOICE, .choices = tags},
    {.name = "ParaValue", .type = AT_INT, .max = INT32_MAX},
};

#define SET_READ .forms = AT_TEST | AT_READ | AT_SET, .faults = aw_config_faults
#define AUTH(prefix)                                                                               \
    {                                                                                              \
        .name = prefix "AUTH", SET_READ, AT_PARAMS(auth_params),                                   \
        .test = prefix "AUTH=<product_key>,<device_name>,<device_secret>,[product_secret]",        \
        .read = auth_read, .set = auth_set, .help = "product key, device name, secrets; kept"      \
    }
#define PARA(prefix)                                                                               \
    {                                                                                              \
        .name = prefix "PARA", SET_READ, AT_PARAMS(para_params),                                   \
        .test = prefix "PARA=<key>,<value>", .read = para_read, .set = para_set,                   \
        .help = "TIMEOUT, KEEPALIVE, TLS, AUTHMODE of the connection; kept"                        \
    }
#define CRED(prefix, other)                                                                        \
    {                                                                                              \
        .name = prefix "CRED", .aliases = (other), SET_READ, AT_PARAMS(cred_params),               \
        .test = prefix "CRED=<clientid>,<username>,<passwd>", .read = cred_read, .set = cred_set,  \
        .help = "client id, user name and password for any broker; kept"                           \
    }

static const struct at_command rows[] = {
    AUTH("+IMQTT"), PARA("+IMQTT"), CRED("+IMQTT", NULL),
    AUTH("+IDM"),   PARA("+IDM"),   CRED("+IDM", "+IDMCREAD"),
};

const struct at_table aw_account_table = {rows, sizeof rows / sizeof *rows};
