/* Whether a device may connect, as the platform decides it. */
#ifndef CLOUD_PLUGIN_LOGIN_H
#define CLOUD_PLUGIN_LOGIN_H

#include <stdbool.h>

#include "cloud/plugin/devices.h"

enum login_kind {
    LOGIN_DEVICE,         /* with its secret */
    LOGIN_TOKEN,          /* authType=connwl: with a token that was handed out */
    LOGIN_REGISTER,       /* authType=register: only fetches its secret */
    LOGIN_REGISTER_TOKEN, /* authType=regnwl: only fetches a token */
};

/* Codes of CONNACK (MQTT 3.1.1, 3.2.2.3). */
enum {
    LOGIN_ACCEPTED = 0,
    LOGIN_BAD_PARAMETERS = 2,
    LOGIN_UNAVAILABLE = 3,
    LOGIN_BAD_SIGNATURE = 4,
};

struct login_request {
    const char *client_id;
    const char *user_name;
    const char *password;
    int keep_alive; /* seconds */
    bool tls;
};

/* Texts are on the heap. */
struct login {
    enum login_kind kind;
    char *product_key;
    char *device_name;
    bool ext_rrpc; /* takes sync services on /ext/rrpc/... */
    char *answer;  /* what is published to it at once, or NULL */
};

/* LOGIN_ACCEPTED, or another code and why. folder: see registration.h. login_clear() in any case.
 */
int login_check(struct login *login, const struct login_request *request,
                const struct devices *devices, const char *folder, const char **reason);
void login_clear(struct login *login);

/* "device", "connwl", "register", "regnwl". */
const char *login_kind_text(enum login_kind kind);

#endif
