#include "cloud/plugin/tell.h"

#include <cjson/cJSON.h>
#include <mosquitto_broker.h>
#include <stdlib.h>
#include <string.h>

/* To all of them, whatever they have subscribed to. Takes the object. */
static void tell(const struct session *list, const char *topic, cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    for (; text && list; list = list->next) {
        if (list->kind == SESSION_PLATFORM && list->connected) {
            mosquitto_broker_publish_copy(list->client_id, topic, (int)strlen(text), text, 1, false,
                                          NULL);
        }
    }
    free(text);
}

static cJSON *object_of(const struct session *session)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "clientId", session->client_id);
    cJSON_AddStringToObject(object, "productKey", session->product_key);
    cJSON_AddStringToObject(object, "deviceName", session->device_name);
    return object;
}

void tell_login(const struct session *list, const struct session *session,
                const struct login *login, bool tls)
{
    cJSON *object = object_of(session);
    cJSON_AddStringToObject(object, "kind", login_kind_text(login->kind));
    cJSON_AddBoolToObject(object, "extRrpc", login->ext_rrpc);
    cJSON_AddBoolToObject(object, "tls", tls);
    tell(list, "$standin/login", object);
}

void tell_logout(const struct session *list, const struct session *session)
{
    tell(list, "$standin/logout", object_of(session));
}

void tell_refused(const struct session *list, const struct login_request *request, int code,
                  const char *reason)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "clientId", request->client_id);
    cJSON_AddStringToObject(object, "userName", request->user_name ? request->user_name : "");
    cJSON_AddNumberToObject(object, "code", code);
    cJSON_AddStringToObject(object, "reason", reason);
    tell(list, "$standin/refused", object);
}

void tell_denied(const struct session *list, const struct session *session, const char *what,
                 const char *topic, int qos)
{
    cJSON *object = object_of(session);
    cJSON_AddStringToObject(object, "what", what);
    cJSON_AddStringToObject(object, "topic", topic);
    cJSON_AddNumberToObject(object, "qos", qos);
    tell(list, "$standin/denied", object);
}
