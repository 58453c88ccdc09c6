/* IMQTTAUTH: a probe shows whether the broker takes the device's credentials. */
#include "dialect/ica/instance.h"

static void probed(void *ctx, bool accepted, enum mqtt_failure failure, int connack)
{
    struct ica *ica = ctx;
    (void)failure; /* the service has logged it */
    (void)connack;
    ica->mqtt.probe = NULL;
    mqtt_hold(ica->mqtt.service, false);
    ica_auth_over(ica, &ica_mqtt_auth, accepted);
}

static at_result begin(struct ica *ica)
{
    struct ica_connection connection;
    if (!ica_connection(ica, &ica->mqtt.auth.values, &connection)) {
        return ICA_UNKNOWN;
    }
    mqtt_hold(ica->mqtt.service, true);
    ica->mqtt.probe = mqtt_probe_start(ica->env.services, &connection.options, probed, ica);
    ica_connection_free(&connection);
    return AT_OK;
}

static at_result allowed(struct ica *ica, const struct ica_triple *triple)
{
    if (mqtt_state(ica->mqtt.service) != MQTT_ONLINE) {
        return AT_OK;
    }
    return ica_same_triple(triple, &ica->mqtt.session) ? ICA_AUTH_KNOWN : ICA_NOT_ALLOWED;
}

const struct ica_auth_kind ica_mqtt_auth = {
    .name = "+IMQTTAUTH",
    .offset = offsetof(struct ica, mqtt.auth),
    .kept = ICA_MQTT_PRODUCT_KEY,
    .begin = begin,
    .allowed = allowed,
    .told = ica_connect_waiting,
};
