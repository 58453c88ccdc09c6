#include "cloud/plugin/plugin.h"

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/plugin/text.h"

/* The one global of the plugin: the broker makes an instance for each listener and lets them know
 * nothing of each other, but a device that comes on one must throw itself out on another. */
static struct platform shared;

static const char *option(const struct mosquitto_opt *options, int count, const char *key)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].key, key) == 0) {
            return options[i].value;
        }
    }
    return NULL;
}

static bool platform_use(const struct mosquitto_opt *options, int count)
{
    const char *devices = option(options, count, "devices");
    const char *folder = option(options, count, "folder");
    const char *secret = option(options, count, "secret");
    if (!devices || !folder || !secret || !*secret) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "standin: devices, folder and secret are needed");
        return false;
    }
    if (shared.users == 0) {
        if (!devices_load(&shared.devices, devices)) {
            devices_clear(&shared.devices);
            return false;
        }
        shared.folder = text_copy(folder);
        shared.secret = text_copy(secret);
    }
    shared.users++;
    return true;
}

static void platform_leave(void)
{
    if (--shared.users > 0) {
        return;
    }
    session_clear(&shared.sessions);
    devices_clear(&shared.devices);
    free(shared.folder);
    free(shared.secret);
    shared = (struct platform){0};
}

int mosquitto_plugin_version(int supported_version_count, const int *supported_versions)
{
    for (int i = 0; i < supported_version_count; i++) {
        if (supported_versions[i] == MOSQ_PLUGIN_VERSION) {
            return MOSQ_PLUGIN_VERSION;
        }
    }
    return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **userdata,
                          struct mosquitto_opt *options, int option_count)
{
    static const struct {
        int event;
        MOSQ_FUNC_generic_callback callback;
        const char *topic;
    } callbacks[] = {
        {MOSQ_EVT_BASIC_AUTH, plugin_on_basic_auth, NULL},
        {MOSQ_EVT_DISCONNECT, plugin_on_disconnect, NULL},
        {MOSQ_EVT_ACL_CHECK, plugin_on_acl_check, NULL},
        {MOSQ_EVT_MESSAGE, plugin_on_message, NULL},
        {MOSQ_EVT_CONTROL, plugin_on_control, "$CONTROL/standin/v1"},
    };
    if (!platform_use(options, option_count)) {
        return MOSQ_ERR_INVAL;
    }
    struct instance *instance = text_zeroed(sizeof *instance);
    const char *tls = option(options, option_count, "tls");
    instance->platform = &shared;
    instance->tls = tls && strcmp(tls, "true") == 0;
    *userdata = instance;
    for (size_t i = 0; i < sizeof callbacks / sizeof *callbacks; i++) {
        int error = mosquitto_callback_register(
            identifier, callbacks[i].event, callbacks[i].callback, callbacks[i].topic, instance);
        if (error) {
            return error; /* which ends the broker */
        }
    }
    return MOSQ_ERR_SUCCESS;
}

/* The broker forgets the callbacks by itself. */
int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int option_count)
{
    (void)options;
    (void)option_count;
    free(userdata);
    platform_leave();
    return MOSQ_ERR_SUCCESS;
}
