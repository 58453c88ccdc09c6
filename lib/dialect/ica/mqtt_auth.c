/* IMQTTAUTH: a probe shows whether the broker takes the device's credentials; those that it takes
 * are kept. */
#include <string.h>

#include "base/mem.h"
#include "dialect/ica/instance.h"

bool ica_has_triple(const struct ica_triple *triple)
{
    return triple->product_key[0] && triple->device_name[0] && triple->device_secret[0];
}

static void copy(char to[ICA_AUTH_MAX + 1], const char *from, size_t len)
{
    memcpy(to, from, len);
    to[len] = '\0';
}

static void stored_triple(const struct ica *ica, struct ica_triple *triple)
{
    *triple = (struct ica_triple){0};
    const char *key = ica_text(ica, ICA_MQTT_PRODUCT_KEY);
    const char *name = ica_text(ica, ICA_MQTT_DEVICE_NAME);
    const char *secret = ica_text(ica, ICA_MQTT_DEVICE_SECRET);
    copy(triple->product_key, key, strlen(key));
    copy(triple->device_name, name, strlen(name));
    copy(triple->device_secret, secret, strlen(secret));
}

void ica_load_auth(struct ica *ica)
{
    stored_triple(ica, &ica->auth);
}

static bool same(const struct ica_triple *a, const struct ica_triple *b)
{
    return strcmp(a->product_key, b->product_key) == 0 &&
           strcmp(a->device_name, b->device_name) == 0 &&
           strcmp(a->device_secret, b->device_secret) == 0;
}

at_result ica_mqtt_auth_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    struct buf line = {0};
    buf_printf(&line, "%s:\"%s\",\"%s\",\"%s\"", call->command->name, ica->auth.product_key,
               ica->auth.device_name, ica->auth.device_secret);
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), true);
    mem_wipe(line.memory, line.size);
    buf_free(&line);
    return AT_OK;
}

/* ---- keeping ---- */

static void collect(const struct ica *ica, struct kept_changes *set)
{
    const struct ica_triple *auth = &ica->auth;
    kept_change_text(set, &ica_kept[ICA_MQTT_PRODUCT_KEY], auth->product_key,
                     strlen(auth->product_key));
    kept_change_text(set, &ica_kept[ICA_MQTT_DEVICE_NAME], auth->device_name,
                     strlen(auth->device_name));
    kept_change_text(set, &ica_kept[ICA_MQTT_DEVICE_SECRET], auth->device_secret,
                     strlen(auth->device_secret));
}

static void report(struct ica *ica, bool ok)
{
    at_urc_line(ica->env.at, "+IMQTTAUTH:%s", ok ? "OK" : "FAIL");
    ica_connect_waiting(ica);
}

/* The values are safe, or not, before the host hears of it. */
static void kept(void *ctx, bool ok)
{
    struct ica *ica = ctx;
    if (ica->auth_saving) { /* no reboot came between */
        ica->auth_saving = false;
        report(ica, ok);
    }
}

/* ---- the probe ---- */

static void probed(void *ctx, bool accepted, enum mqtt_failure failure, int connack)
{
    struct ica *ica = ctx;
    ica->probe = NULL;
    mqtt_hold(ica->mqtt, false);
    (void)failure; /* the service has logged it */
    (void)connack;
    if (!accepted) {
        report(ica, false);
        return;
    }
    struct kept_changes set = {0};
    collect(ica, &set);
    ica->auth_saving = nvram_save(ica->env.nvram, set.changes, set.count, kept, ica);
    if (!ica->auth_saving) {
        report(ica, true);
    }
}

static at_result probe(struct ica *ica)
{
    struct ica_connection connection;
    if (!ica_connection(ica, &ica->auth, &connection)) {
        return ICA_UNKNOWN;
    }
    mqtt_hold(ica->mqtt, true);
    ica->probe = mqtt_probe_start(ica->env.services, &connection.options, probed, ica);
    ica_connection_free(&connection);
    return AT_OK;
}

/* Parameters are good; then the state, then something is done. */
static at_result authenticate(struct ica *ica, const struct at_call *call,
                              const struct ica_triple *triple)
{
    if (ica->probe) {
        return ICA_NOT_ALLOWED;
    }
    if (mqtt_state(ica->mqtt) == MQTT_ONLINE) {
        if (!same(triple, &ica->session)) {
            return ICA_NOT_ALLOWED;
        }
        at_urc_line(ica->env.at, "+IMQTTAUTH:OK");
        return AT_OK;
    }
    ica->auth = *triple;
    if (ica->settings->auth == ICA_AUTH_NONE) {
        struct kept_changes set = {0};
        collect(ica, &set);
        return ica_save(ica, call, &set);
    }
    return probe(ica);
}

at_result ica_mqtt_auth_set(void *ctx, struct at_call *call)
{
    struct ica_triple triple = {0};
    copy(triple.product_key, call->params[0].text, call->params[0].len);
    copy(triple.device_name, call->params[1].text, call->params[1].len);
    copy(triple.device_secret, call->params[2].text, call->params[2].len);
    at_result result = authenticate(ctx, call, &triple);
    mem_wipe(&triple, sizeof triple);
    return result;
}

at_result ica_mqtt_auth_execute(void *ctx, struct at_call *call)
{
    struct ica_triple triple;
    stored_triple(ctx, &triple);
    at_result result = ica_has_triple(&triple) ? authenticate(ctx, call, &triple) : ICA_NOT_ALLOWED;
    mem_wipe(&triple, sizeof triple);
    return result;
}
