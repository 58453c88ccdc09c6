/* Dynamic registration over MQTT ("one secret per product"), as texts: the login of the session in
 * which a device asks for what it does not have, the answer, and the login with what it got. */
#ifndef CLOUD_ALIYUN_REGISTER_H
#define CLOUD_ALIYUN_REGISTER_H

#include "cloud/aliyun.h"

/* Where the answer is published, without a subscription; sources differ about the second. */
#define ALIYUN_REGISTER_TOPIC     "/ext/register"
#define ALIYUN_REGISTER_NWL_TOPIC "/ext/regnwl"

enum aliyun_register_kind {
    ALIYUN_REGISTER,     /* the device is known to the platform: it gives a device secret */
    ALIYUN_REGISTER_NWL, /* it is not: it gives a client id and a token */
};

/* The login, freed by aliyun_mqtt_login_free(). device_secret is not looked at. random: free text.
 * instance: "" for none. securemode: 2, as the vendor's SDKs send it, or -2, as the documents have
 * it for ALIYUN_REGISTER_NWL. False: the TLS library lacks the digest. */
bool aliyun_register_login(enum aliyun_register_kind kind, const struct aliyun_device *device,
                           const char *product_secret, const char *random, const char *instance,
                           int securemode, struct aliyun_mqtt_login *login);

/* What a registration brought: a device secret, or a client id and a token; the others are "", and
 * so is what the answer does not say about whom it is for. */
struct aliyun_registered {
    char product_key[65];
    char device_name[65];
    char device_secret[65];
    char client_id[129];
    char device_token[129];
};

/* Reads the answer. False: it is none, *why says what about it. */
bool aliyun_register_read(struct aliyun_registered *registered, const char *bytes, size_t len,
                          const char **why);

/* The login with a token. */
void aliyun_token_login(const struct aliyun_device *device,
                        const struct aliyun_registered *registered,
                        struct aliyun_mqtt_login *login);

/* The instance that a host name names (`<instance>.mqtt.iothub.aliyuncs.com`), or "". The caller
 * frees it. */
char *aliyun_host_instance(const char *host);

#endif
