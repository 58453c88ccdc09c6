/* Where a connection leads, and as whom. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dialect/risinghf/instance.h"
#include "net/redirect.h"
#include "service/env.h"
#include "settings/settings.h"

enum { PORT = 1883 }; /* the cloud takes TLS there, too */

static const struct mqtt_settings *settings(const struct rh *rh)
{
    return settings_of(rh->env.settings, &mqtt_settings_group);
}

struct service_tls rh_tls(const struct rh *rh)
{
    return mqtt_settings_tls(settings(rh));
}

/* mqtt.host takes the place of the cloud; then mqtt.port and mqtt.tls count where they are given.
 */
static void replace(const struct rh *rh, struct rh_server *server)
{
    const struct mqtt_settings *mqtt = settings(rh);
    rh_keep(&server->host, mqtt->host, strlen(mqtt->host));
    if (mqtt->port) {
        server->port = mqtt->port;
    }
    if (settings_given(rh->env.settings, "mqtt", "tls")) {
        server->secure = mqtt->tls;
    }
}

bool rh_server(const struct rh *rh, const char *product_key, bool secure, struct rh_server *server)
{
    const struct rh_config *config = &rh->config;
    const struct cloud_settings *cloud = settings_of(rh->env.settings, &cloud_settings_group);
    *server = (struct rh_server){.secure = secure};
    if (config->host) {
        server->host = mem_string(config->host);
        server->port = config->port;
    } else if (product_key) {
        server->host = aliyun_mqtt_host(cloud, product_key);
        server->port = PORT;
    } else {
        return false;
    }
    server->instance =
        *cloud->instance ? mem_string(cloud->instance) : aliyun_host_instance(server->host);
    if (aliyun_is_host(server->host) && *settings(rh)->host) {
        replace(rh, server);
    }
    int port = server->port;
    server->platform =
        aliyun_is_host(redirect_apply(rh->env.services->redirect, server->host, &port));
    return true;
}

void rh_server_free(struct rh_server *server)
{
    free(server->host);
    free(server->instance);
}

/* ---- CONN ---- */

static struct mqtt_options options_of(const struct rh *rh, const struct rh_server *server,
                                      const struct aliyun_mqtt_login *login)
{
    const struct rh_config *config = &rh->config;
    const char *username = login->username;
    bool named = *username || *login->password;
    return (struct mqtt_options){
        .host = server->host,
        .port = server->port,
        .secure = server->secure,
        .tls = rh_tls(rh),
        .version = (enum mqtt_version)config->version,
        .client_id = login->client_id,
        .username = named ? username : NULL,
        .password = *login->password ? login->password : NULL,
        .clean_session = config->clean,
        .keepalive_s = config->keepalive_s,
        .connect_timeout_ms = RH_LIMIT_MS,
        /* No reconnection ever comes that far. */
        .backoff_min_ms = RH_LIMIT_MS,
        .backoff_max_ms = RH_LIMIT_MS,
    };
}

static void connect_to(struct rh *rh, const struct rh_server *server,
                       const struct aliyun_mqtt_login *login)
{
    struct mqtt_options options = options_of(rh, server, login);
    struct rh_will *will = rh->config.will_in_force;
    struct buf bytes = {0};
    if (will == &rh->config.will_hex) {
        rh_from_hex(&bytes, buf_bytes(&will->text), buf_len(&will->text));
    } else if (will) {
        buf_add(&bytes, buf_bytes(&will->text), buf_len(&will->text));
    }
    if (will) {
        options.will = (struct mqtt_will){
            .topic = will->topic,
            .bytes = buf_bytes(&bytes),
            .len = buf_len(&bytes),
            .qos = will->qos,
            .retain = will->retain,
        };
    }
    rh->clean = options.clean_session;
    mqtt_connect(rh->mqtt, &options);
    buf_free(&bytes);
}

/* Whether a device of the cloud is meant, which signs itself. */
static bool by_device(const struct rh_config *config)
{
    bool user = config->last == RH_CREDENTIALS_USER && config->host;
    return config->mode == RH_MODE_CLOUD && config->product_key && !user;
}

static bool with_device(struct rh *rh)
{
    const struct rh_config *config = &rh->config;
    const struct aliyun_device device = {config->product_key, config->device_name,
                                         config->device_secret};
    struct rh_server server;
    struct aliyun_mqtt_login login;
    bool ok = rh_server(rh, config->product_key, config->tls, &server);
    if (ok && (ok = aliyun_sdk4_login(&device, server.secure, &login))) {
        connect_to(rh, &server, &login);
        aliyun_mqtt_login_free(&login);
    }
    rh_server_free(&server);
    return ok;
}

static bool as_given(struct rh *rh)
{
    const struct rh_config *config = &rh->config;
    struct rh_server server;
    bool named = config->mode == RH_MODE_OWN || config->last == RH_CREDENTIALS_USER;
    bool ok = rh_server(rh, NULL, config->tls, &server) && named;
    if (ok) {
        connect_to(
            rh, &server,
            &(struct aliyun_mqtt_login){config->client_id, config->username, config->password});
    }
    rh_server_free(&server);
    return ok;
}

bool rh_connect(struct rh *rh)
{
    return by_device(&rh->config) ? with_device(rh) : as_given(rh);
}
