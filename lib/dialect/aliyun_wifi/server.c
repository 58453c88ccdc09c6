/* Where CONN leads to. */
#include "dialect/aliyun_wifi/instance.h"
#include "net/redirect.h"
#include "service/env.h"
#include "settings/settings.h"

enum { PORT_PLAIN = 1883, PORT_TLS = 8883 };

static const struct mqtt_settings *settings(const struct aw *aw)
{
    return settings_of(aw->env.settings, &mqtt_settings_group);
}

/* A name of the cloud leads to mqtt.host, where that is set; any other is used as given. */
struct aw_server aw_server(const struct aw *aw)
{
    const struct mqtt_settings *mqtt = settings(aw);
    const struct aw_session *session = &aw->session;
    bool tls = kept_number(&aw->kept, AW_TLS) == 1;
    if (!*mqtt->host || !aliyun_is_host(session->host)) {
        return (struct aw_server){session->host, session->port, tls};
    }
    int usual = mqtt->tls ? PORT_TLS : PORT_PLAIN;
    return (struct aw_server){mqtt->host, mqtt->port ? mqtt->port : usual, mqtt->tls};
}

struct service_tls aw_mqtt_tls(const struct aw *aw)
{
    return mqtt_settings_tls(settings(aw));
}

bool aw_is_platform(const struct aw *aw, const struct aw_server *server)
{
    int port = server->port;
    return aliyun_is_host(redirect_apply(aw->env.services->redirect, server->host, &port));
}
