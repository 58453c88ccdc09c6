/* What the plugin does when the broker calls. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/plugin/connack.h"
#include "cloud/plugin/login.h"
#include "cloud/plugin/plugin.h"
#include "cloud/plugin/tell.h"
#include "cloud/plugin/text.h"

static const char platform_user[] = "standin";

/* ---- connections ---- */

/* Whatever had this memory before is gone, even if nobody has said so. */
static void forget_client(struct platform *platform, const struct mosquitto *client)
{
    struct session *session = session_of_client(platform->sessions, client);
    if (session) {
        session->client = NULL;
        session_close(&platform->sessions, session);
    }
}

/* The newer connection of a device throws the older one off, also under another client id. */
static void throw_out_older(struct platform *platform, const struct session *newer)
{
    for (struct session *older = platform->sessions; older; older = older->next) {
        if (older != newer && older->connected && older->kind == SESSION_DEVICE &&
            strcmp(older->product_key, newer->product_key) == 0 &&
            strcmp(older->device_name, newer->device_name) == 0) {
            char *client_id = text_copy(older->client_id);
            mosquitto_kick_client_by_clientid(client_id, false);
            free(client_id);
            return; /* there was only one, and the list has changed */
        }
    }
}

static void let_in(const struct instance *instance, struct mosquitto *client,
                   const struct login *login)
{
    struct platform *platform = instance->platform;
    bool registering = login->kind == LOGIN_REGISTER || login->kind == LOGIN_REGISTER_TOKEN;
    struct session *session = session_open(&platform->sessions, client, mosquitto_client_id(client),
                                           mosquitto_client_clean_session(client),
                                           registering ? SESSION_REGISTERING : SESSION_DEVICE,
                                           login->product_key, login->device_name);
    tell_login(platform->sessions, session, login, instance->tls);
    if (login->answer) {
        const char *topic = login->kind == LOGIN_REGISTER ? "/ext/register" : "/ext/regnwl";
        mosquitto_broker_publish_copy(session->client_id, topic, (int)strlen(login->answer),
                                      login->answer, 0, false, NULL);
    } else {
        throw_out_older(platform, session);
    }
}

static int authenticate(const struct instance *instance, struct mosquitto *client,
                        const struct login_request *request)
{
    struct platform *platform = instance->platform;
    struct login login;
    const char *reason = "";
    int code = login_check(&login, request, &platform->devices, platform->folder, &reason);
    if (code == LOGIN_ACCEPTED) {
        let_in(instance, client, &login);
    } else {
        mosquitto_log_printf(MOSQ_LOG_NOTICE, "standin: %s refused: %s", request->client_id,
                             reason);
        tell_refused(platform->sessions, request, code, reason);
    }
    login_clear(&login);
    return code == LOGIN_ACCEPTED ? MOSQ_ERR_SUCCESS : connack_refuse(client, code);
}

int plugin_on_basic_auth(int event, void *data, void *userdata)
{
    (void)event;
    const struct instance *instance = userdata;
    const struct mosquitto_evt_basic_auth *auth = data;
    struct platform *platform = instance->platform;
    const char *client_id = mosquitto_client_id(auth->client);
    forget_client(platform, auth->client);
    if (auth->username && strcmp(auth->username, platform_user) == 0) {
        if (!auth->password || strcmp(auth->password, platform->secret) != 0) {
            return MOSQ_ERR_AUTH;
        }
        session_open(&platform->sessions, auth->client, client_id,
                     mosquitto_client_clean_session(auth->client), SESSION_PLATFORM, NULL, NULL);
        return MOSQ_ERR_SUCCESS;
    }
    struct login_request request = {
        .client_id = client_id,
        .user_name = auth->username,
        .password = auth->password,
        .keep_alive = mosquitto_client_keepalive(auth->client),
        .tls = instance->tls,
    };
    return authenticate(instance, auth->client, &request);
}

int plugin_on_disconnect(int event, void *data, void *userdata)
{
    (void)event;
    const struct mosquitto_evt_disconnect *disconnect = data;
    struct platform *platform = ((struct instance *)userdata)->platform;
    struct session *session = session_of_client(platform->sessions, disconnect->client);
    /* None: it was refused, or has come back under the same client id already. */
    if (!session || !session->connected) {
        return MOSQ_ERR_SUCCESS;
    }
    if (session->kind != SESSION_PLATFORM) {
        tell_logout(platform->sessions, session);
    }
    session_close(&platform->sessions, session);
    return MOSQ_ERR_SUCCESS;
}

/* ---- topics ---- */

static bool is_own(const struct session *session, const struct topic *topic)
{
    return topic_is_of(topic, session->product_key, session->device_name);
}

/* Sync services have the topic behind an id: who subscribes to all of them gets his own only,
 * because each message is looked at, too. */
static bool may_subscribe(const struct session *session, const char *filter, int qos)
{
    static const char *const common[] = {"/ext/rrpc/#", "/ext/rrpc/+/#"};
    struct topic topic;
    if (qos > 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        if (strcmp(filter, common[i]) == 0) {
            return true;
        }
    }
    return topic_read(&topic, filter) && is_own(session, &topic);
}

static bool may(struct session *session, const struct mosquitto_evt_acl_check *check)
{
    struct topic topic;
    switch (check->access) {
    case MOSQ_ACL_SUBSCRIBE:
        return may_subscribe(session, check->topic, check->qos);
    case MOSQ_ACL_UNSUBSCRIBE:
        return true;
    case MOSQ_ACL_WRITE:
        return topic_read(&topic, check->topic) && is_own(session, &topic) && topic.up &&
               check->qos <= 1;
    default:
        return topic_read(&topic, check->topic) && is_own(session, &topic) && topic.down;
    }
}

int plugin_on_acl_check(int event, void *data, void *userdata)
{
    (void)event;
    const struct mosquitto_evt_acl_check *check = data;
    struct platform *platform = ((struct instance *)userdata)->platform;
    struct session *session = session_of_client(platform->sessions, check->client);
    if (!session || session->kind == SESSION_REGISTERING) {
        return MOSQ_ERR_ACL_DENIED;
    }
    bool allowed = session->kind == SESSION_PLATFORM || may(session, check);
    if (check->access == MOSQ_ACL_SUBSCRIBE && allowed) {
        session_subscribe(session, check->topic);
    } else if (check->access == MOSQ_ACL_UNSUBSCRIBE) {
        session_unsubscribe(session, check->topic);
    } else if (!allowed && check->access != MOSQ_ACL_READ) {
        tell_denied(platform->sessions, session,
                    check->access == MOSQ_ACL_WRITE ? "publish" : "subscribe", check->topic,
                    check->qos);
    }
    return allowed ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
}

/* ---- messages ---- */

/* The platform's system topics need no subscription. */
int plugin_on_message(int event, void *data, void *userdata)
{
    (void)event;
    struct mosquitto_evt_message *message = data;
    struct platform *platform = ((struct instance *)userdata)->platform;
    const struct session *sender = session_of_client(platform->sessions, message->client);
    message->retain = false; /* the platform keeps no message for later */
    struct topic topic;
    if (!sender || sender->kind != SESSION_PLATFORM || !topic_read(&topic, message->topic) ||
        !topic.system || !topic.down) {
        return MOSQ_ERR_SUCCESS;
    }
    const struct session *device = session_of_topic(platform->sessions, &topic);
    if (device && !session_subscribed(device, message->topic)) {
        mosquitto_broker_publish_copy(device->client_id, message->topic, (int)message->payloadlen,
                                      message->payload, message->qos, false, NULL);
    }
    return MOSQ_ERR_SUCCESS;
}

/* Only the platform gets here: the topic is nobody's. */
int plugin_on_control(int event, void *data, void *userdata)
{
    (void)event;
    (void)userdata;
    const struct mosquitto_evt_control *control = data;
    char *client_id = text_part(control->payload ? control->payload : "", control->payloadlen);
    mosquitto_kick_client_by_clientid(client_id, false);
    free(client_id);
    return MOSQ_ERR_SUCCESS;
}
