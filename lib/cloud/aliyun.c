#include "cloud/aliyun.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "settings/settings.h"

static const struct setting rows[] = {
    {.key = "region",
     .type = SETTING_TEXT,
     .offset = offsetof(struct cloud_settings, region),
     .min = 1,
     .max = 64,
     .initial = "cn-shanghai",
     .help = "region in the host names of Alibaba Cloud"},
    {.key = "instance",
     .type = SETTING_TEXT,
     .offset = offsetof(struct cloud_settings, instance),
     .max = 64,
     .initial = "",
     .help = "instance id in the host names of Alibaba Cloud; empty: an old-style public instance"},
};

const struct settings_group cloud_settings_group = {
    .section = "cloud",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .size = sizeof(struct cloud_settings),
};

bool aliyun_sign(enum aliyun_sign method, const char *key, const char *text,
                 char signature[ALIYUN_SIGNATURE_SIZE])
{
    static const char digits[] = "0123456789ABCDEF";
    const EVP_MD *digest = method == ALIYUN_HMAC_MD5    ? EVP_md5()
                           : method == ALIYUN_HMAC_SHA1 ? EVP_sha1()
                                                        : EVP_sha256();
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!HMAC(digest, key, (int)strlen(key), (const unsigned char *)text, strlen(text), mac,
              &len) ||
        2 * len >= ALIYUN_SIGNATURE_SIZE) {
        return false;
    }
    for (unsigned i = 0; i < len; i++) {
        signature[2 * i] = digits[mac[i] >> 4];
        signature[2 * i + 1] = digits[mac[i] & 15];
    }
    signature[2 * len] = '\0';
    return true;
}

void aliyun_lower_case(char *hex)
{
    for (; *hex; hex++) {
        if (*hex >= 'A' && *hex <= 'F') {
            *hex = (char)(*hex - 'A' + 'a');
        }
    }
}

bool aliyun_is_token(const char *token, size_t size)
{
    size_t len = 0;
    while (token[len] > ' ' && token[len] <= '~') {
        len++;
    }
    return len > 0 && len < size && !token[len];
}

bool aliyun_mqtt_password(enum aliyun_sign method, const struct aliyun_device *device,
                          const char *client_id, const char *timestamp,
                          char password[ALIYUN_SIGNATURE_SIZE])
{
    char *text =
        mem_printf("clientId%sdeviceName%sproductKey%s%s%s", client_id, device->device_name,
                   device->product_key, timestamp ? "timestamp" : "", timestamp ? timestamp : "");
    bool ok = aliyun_sign(method, device->device_secret, text, password);
    free(text);
    return ok;
}

/* bars: what stands behind the name in the client id. */
static bool secret_login(const struct aliyun_device *device, const char *bars,
                         struct aliyun_mqtt_login *login)
{
    char *name = mem_printf("%s.%s", device->product_key, device->device_name);
    char password[ALIYUN_SIGNATURE_SIZE];
    bool ok = aliyun_mqtt_password(ALIYUN_HMAC_SHA256, device, name, ALIYUN_TIMESTAMP, password);
    *login = (struct aliyun_mqtt_login){0};
    if (ok) {
        login->client_id = mem_printf("%s%s", name, bars);
        login->username = mem_printf("%s&%s", device->device_name, device->product_key);
        login->password = mem_string(password);
    }
    free(name);
    mem_wipe(password, sizeof password);
    return ok;
}

bool aliyun_mqtt_login(const struct aliyun_device *device, bool tls, const char *version,
                       struct aliyun_mqtt_login *login)
{
    char *bars =
        mem_printf("|timestamp=%s,_v=%s,securemode=%d,signmethod=hmacsha256,lan=C,gw=0,ext=0|",
                   ALIYUN_TIMESTAMP, version, tls ? 2 : 3);
    bool ok = secret_login(device, bars, login);
    free(bars);
    return ok;
}

bool aliyun_sdk4_login(const struct aliyun_device *device, bool tls,
                       struct aliyun_mqtt_login *login)
{
    char *bars =
        mem_printf("|timestamp=%s,_ss=1,_v=sdk-c-4.1.0,securemode=%d,signmethod=hmacsha256,ext=3,|",
                   ALIYUN_TIMESTAMP, tls ? 2 : 3);
    bool ok = secret_login(device, bars, login);
    free(bars);
    return ok;
}

void aliyun_mqtt_login_free(struct aliyun_mqtt_login *login)
{
    free(login->client_id);
    free(login->username);
    if (login->password) {
        mem_wipe(login->password, strlen(login->password));
        free(login->password);
    }
    *login = (struct aliyun_mqtt_login){0};
}

char *aliyun_mqtt_host(const struct cloud_settings *cloud, const char *product_key)
{
    return *cloud->instance
               ? mem_printf("%s.mqtt.iothub.aliyuncs.com", cloud->instance)
               : mem_printf("%s.iot-as-mqtt.%s.aliyuncs.com", product_key, cloud->region);
}

bool aliyun_is_host(const char *host)
{
    static const char domain[] = ".aliyuncs.com";
    size_t len = strlen(host);
    size_t tail = sizeof domain - 1;
    return len > tail && strcasecmp(host + len - tail, domain) == 0;
}

/* Where the path (or query) of a URL begins, and its host in host; NULL: it has none, or one that
 * is too long to be a name. */
static const char *split_url(const char *url, char *host, size_t size)
{
    size_t scheme = strcspn(url, ":/?#");
    if (strncmp(url + scheme, "://", 3) != 0) {
        return NULL;
    }
    const char *authority = url + scheme + 3;
    size_t len = strcspn(authority, "/?#");
    /* What stands before an @ is a user, whatever it looks like. */
    const char *at = memrchr(authority, '@', len);
    const char *start = at ? at + 1 : authority;
    size_t host_len = strcspn(start, ":/?#");
    if (host_len >= size) {
        return NULL;
    }
    memcpy(host, start, host_len);
    host[host_len] = '\0';
    return authority + len;
}

char *aliyun_rewrite_url(const char *url, const char *base_uri)
{
    char host[256];
    const char *path = split_url(url, host, sizeof host);
    if (!*base_uri || !path || !aliyun_is_host(host)) {
        return mem_string(url);
    }
    size_t len = strlen(base_uri);
    while (len > 0 && base_uri[len - 1] == '/') {
        len--;
    }
    return mem_printf("%.*s%s", (int)len, base_uri, path);
}
