#include "dialect/ica/auth.h"

#include <string.h>

#include "base/mem.h"
#include "dialect/ica/instance.h"

static const struct ica_auth_kind *const kinds[] = {&ica_mqtt_auth, &ica_coap_auth, &ica_http_auth};

static struct ica_auth *auth_of(struct ica *ica, const struct ica_auth_kind *kind)
{
    return (struct ica_auth *)(void *)((char *)ica + kind->offset);
}

static const struct ica_auth_kind *kind_of(const struct at_call *call)
{
    for (size_t i = 1; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i]->name, call->command->name) == 0) {
            return kinds[i];
        }
    }
    return kinds[0];
}

/* ---- the three values ---- */

bool ica_no_nul(const char *bytes, size_t len)
{
    return !memchr(bytes, '\0', len);
}

bool ica_has_triple(const struct ica_triple *triple)
{
    return triple->product_key[0] && triple->device_name[0] && triple->device_secret[0];
}

bool ica_same_triple(const struct ica_triple *a, const struct ica_triple *b)
{
    return strcmp(a->product_key, b->product_key) == 0 &&
           strcmp(a->device_name, b->device_name) == 0 &&
           strcmp(a->device_secret, b->device_secret) == 0;
}

struct aliyun_device ica_device(const struct ica_triple *triple)
{
    return (struct aliyun_device){triple->product_key, triple->device_name, triple->device_secret};
}

static void copy(char to[ICA_AUTH_MAX + 1], const char *from, size_t len)
{
    memcpy(to, from, len);
    to[len] = '\0';
}

static void stored(const struct ica *ica, const struct ica_auth_kind *kind,
                   struct ica_triple *triple)
{
    char *const values[] = {triple->product_key, triple->device_name, triple->device_secret};
    for (unsigned i = 0; i < ICA_AUTH_PARAMS; i++) {
        const char *text = kept_text(&ica->kept, kind->kept + i);
        copy(values[i], text, strlen(text));
    }
}

void ica_auth_load(struct ica *ica, const struct ica_auth_kind *kind)
{
    struct ica_auth *auth = auth_of(ica, kind);
    *auth = (struct ica_auth){.ica = ica, .kind = kind};
    stored(ica, kind, &auth->values);
}

void ica_auth_wipe(struct ica_auth *auth)
{
    mem_wipe(auth, sizeof *auth);
}

static void collect(const struct ica_auth *auth, struct kept_changes *set)
{
    const struct ica_triple *values = &auth->values;
    const char *const texts[] = {values->product_key, values->device_name, values->device_secret};
    for (unsigned i = 0; i < ICA_AUTH_PARAMS; i++) {
        kept_change_text(set, auth->kind->kept + i, texts[i], strlen(texts[i]));
    }
}

/* ---- the result ---- */

static void tell(struct ica *ica, struct ica_auth *auth, bool ok)
{
    auth->running = auth->saving = false;
    auth->passed = ok;
    at_urc_line(ica->env.at, "%s:%s", auth->kind->name, ok ? "OK" : "FAIL");
    if (auth->kind->told) {
        auth->kind->told(ica);
    }
}

/* The values are safe, or not; a reboot may have come between. */
static void kept(void *ctx, bool ok)
{
    struct ica_auth *auth = ctx;
    if (auth->saving) {
        tell(auth->ica, auth, ok);
    }
}

void ica_auth_over(struct ica *ica, const struct ica_auth_kind *kind, bool accepted)
{
    struct ica_auth *auth = auth_of(ica, kind);
    if (!accepted) {
        tell(ica, auth, false);
        return;
    }
    struct kept_changes set = {.kept = &ica->kept};
    collect(auth, &set);
    auth->saving = kept_store(&set, kept, auth);
    if (!auth->saving) {
        tell(ica, auth, true);
    }
}

/* ---- the command ---- */

const struct at_param ica_auth_params[ICA_AUTH_PARAMS] = {
    {.name = "PRODUCT_KEY", .type = AT_STRING, .min = 1, .max = ICA_AUTH_MAX, .valid = ica_no_nul},
    {.name = "DEVICE_NAME", .type = AT_STRING, .min = 1, .max = ICA_AUTH_MAX, .valid = ica_no_nul},
    {.name = "DEVICE_SECRET",
     .type = AT_STRING,
     .min = 1,
     .max = ICA_AUTH_MAX,
     .flags = AT_SECRET,
     .valid = ica_no_nul},
};

at_result ica_auth_read(void *ctx, struct at_call *call)
{
    const struct ica_auth *auth = auth_of(ctx, kind_of(call));
    struct buf line = {0};
    buf_printf(&line, "%s:\"%s\",\"%s\",\"%s\"", call->command->name, auth->values.product_key,
               auth->values.device_name, auth->values.device_secret);
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), true);
    mem_wipe(line.memory, line.size);
    buf_free(&line);
    return AT_OK;
}

/* Parameters are good; then the state, then something is done. */
static at_result authenticate(struct ica *ica, const struct at_call *call,
                              const struct ica_triple *triple)
{
    const struct ica_auth_kind *kind = kind_of(call);
    struct ica_auth *auth = auth_of(ica, kind);
    if (auth->running) {
        return ICA_NOT_ALLOWED;
    }
    at_result allowed = kind->allowed ? kind->allowed(ica, triple) : AT_OK;
    if (allowed == ICA_AUTH_KNOWN) {
        at_urc_line(ica->env.at, "%s:OK", kind->name);
        return AT_OK;
    }
    if (allowed != AT_OK) {
        return allowed;
    }
    auth->values = *triple;
    if (ica->settings->auth == ICA_AUTH_NONE) {
        struct kept_changes set = {.kept = &ica->kept};
        collect(auth, &set);
        auth->passed = true;
        return kept_save(&set, call);
    }
    at_result result = kind->begin(ica);
    auth->running = result == AT_OK;
    return result;
}

at_result ica_auth_set(void *ctx, struct at_call *call)
{
    struct ica_triple triple = {0};
    copy(triple.product_key, call->params[0].text, call->params[0].len);
    copy(triple.device_name, call->params[1].text, call->params[1].len);
    copy(triple.device_secret, call->params[2].text, call->params[2].len);
    at_result result = authenticate(ctx, call, &triple);
    mem_wipe(&triple, sizeof triple);
    return result;
}

at_result ica_auth_execute(void *ctx, struct at_call *call)
{
    struct ica_triple triple;
    stored(ctx, kind_of(call), &triple);
    at_result result = ica_has_triple(&triple) ? authenticate(ctx, call, &triple) : ICA_NOT_ALLOWED;
    mem_wipe(&triple, sizeof triple);
    return result;
}
