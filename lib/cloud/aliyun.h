/* Alibaba Cloud IoT Platform: how a device with a secret of its own names and signs itself. The
 * secret is used as ASCII text; it never goes into a log. */
#ifndef CLOUD_ALIYUN_H
#define CLOUD_ALIYUN_H

#include <stdbool.h>
#include <stddef.h>

struct settings_group;

/* The settings `[cloud]`. */
struct cloud_settings {
    const char *region;
    const char *instance; /* empty: an old-style public instance */
};
extern const struct settings_group cloud_settings_group;

/* The triple. */
struct aliyun_device {
    const char *product_key;
    const char *device_name;
    const char *device_secret;
};

enum aliyun_sign { ALIYUN_HMAC_MD5, ALIYUN_HMAC_SHA1, ALIYUN_HMAC_SHA256 };

/* Upper-case hex digits of a signature, with its NUL. */
enum { ALIYUN_SIGNATURE_SIZE = 65 };

/* 2050-01-01 in ms: the time that the vendor's C SDKs always send. MQTT enforces no window. */
#define ALIYUN_TIMESTAMP "2524608000000"

/* Signs text with key. False: the TLS library lacks the digest. */
bool aliyun_sign(enum aliyun_sign method, const char *key, const char *text,
                 char signature[ALIYUN_SIGNATURE_SIZE]);

/* Makes a signature's digits, or those of a digest, lower case in place. */
void aliyun_lower_case(char *hex);

/* Whether a token that the cloud gave can be sent back in a header or an option: 1 to size - 1
 * printable ASCII characters, no blanks. */
bool aliyun_is_token(const char *token, size_t size);

/* The password of an MQTT connection. timestamp NULL: none is signed. */
bool aliyun_mqtt_password(enum aliyun_sign method, const struct aliyun_device *device,
                          const char *client_id, const char *timestamp,
                          char password[ALIYUN_SIGNATURE_SIZE]);

/* What CONNECT carries. */
struct aliyun_mqtt_login {
    char *client_id; /* with its `|...|` */
    char *username;
    char *password;
};

/* The login of `<pk>.<dn>` as Alibaba's own C SDK 3.x forms it: HMAC-SHA256, the constant timestamp
 * ALIYUN_TIMESTAMP, securemode 2 with TLS and 3 without. version stands in `_v=`. */
bool aliyun_mqtt_login(const struct aliyun_device *device, bool tls, const char *version,
                       struct aliyun_mqtt_login *login);
/* The same as the vendor's C SDK 4.1 forms it, which the Wi-Fi modules have inside. */
bool aliyun_sdk4_login(const struct aliyun_device *device, bool tls,
                       struct aliyun_mqtt_login *login);
void aliyun_mqtt_login_free(struct aliyun_mqtt_login *login);

/* The broker's name for a product. The caller frees it. */
char *aliyun_mqtt_host(const struct cloud_settings *cloud, const char *product_key);

/* Whether a host is one of Alibaba Cloud's. */
bool aliyun_is_host(const char *host);

/* The URL to use in place of url: where its host is one of Alibaba Cloud's and base_uri
 * (`http[s]://HOST[:PORT][/PATH]`) is not empty, scheme, host and port are those of base_uri, its
 * path goes before the URL's, and path and query stay unchanged; else a copy of url. The caller
 * frees it. */
char *aliyun_rewrite_url(const char *url, const char *base_uri);

#endif
