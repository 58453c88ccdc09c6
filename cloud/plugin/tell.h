/* What the platform's own clients hear of the broker. */
#ifndef CLOUD_PLUGIN_TELL_H
#define CLOUD_PLUGIN_TELL_H

#include "cloud/plugin/login.h"
#include "cloud/plugin/session.h"

struct mosquitto;

void tell_login(const struct session *list, const struct session *session,
                const struct login *login, bool tls);
void tell_logout(const struct session *list, const struct session *session);
void tell_refused(const struct session *list, const struct login_request *request, int code,
                  const char *reason);
/* what: "publish" or "subscribe". */
void tell_denied(const struct session *list, const struct session *session, const char *what,
                 const char *topic, int qos);

#endif
