#include "cloud/aliyun_register.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cloud/json.h"

bool aliyun_register_login(enum aliyun_register_kind kind, const struct aliyun_device *device,
                           const char *product_secret, const char *random, const char *instance,
                           int securemode, struct aliyun_mqtt_login *login)
{
    char password[ALIYUN_SIGNATURE_SIZE];
    char *content = mem_printf("deviceName%sproductKey%srandom%s", device->device_name,
                               device->product_key, random);
    bool ok = aliyun_sign(ALIYUN_HMAC_SHA256, product_secret, content, password);
    *login = (struct aliyun_mqtt_login){0};
    if (ok) {
        login->client_id =
            mem_printf("%s.%s|random=%s,authType=%s,securemode=%d,signmethod=hmacsha256%s%s|",
                       device->device_name, device->product_key, random,
                       kind == ALIYUN_REGISTER ? "register" : "regnwl", securemode,
                       *instance ? ",instanceId=" : "", instance);
        login->username = mem_printf("%s&%s", device->device_name, device->product_key);
        login->password = mem_string(password);
    }
    mem_wipe(password, sizeof password);
    free(content);
    return ok;
}

/* False: there, but not what can be kept. */
static bool take(const cJSON *root, const char *name, char *value, size_t size)
{
    const char *text = json_text(root, name);
    *value = '\0';
    if (text && !aliyun_is_token(text, size)) {
        return false;
    }
    if (text) {
        snprintf(value, size, "%s", text);
    }
    return true;
}

bool aliyun_register_read(struct aliyun_registered *registered, const char *bytes, size_t len,
                          const char **why)
{
    struct aliyun_registered got = {0};
    cJSON *root = json_parse_object(bytes, len);
    bool good = root && take(root, "productKey", got.product_key, sizeof got.product_key) &&
                take(root, "deviceName", got.device_name, sizeof got.device_name) &&
                take(root, "deviceSecret", got.device_secret, sizeof got.device_secret) &&
                take(root, "clientId", got.client_id, sizeof got.client_id) &&
                take(root, "deviceToken", got.device_token, sizeof got.device_token);
    cJSON_Delete(root);
    if (!good) {
        *why = root ? "a value that cannot be used" : "not a JSON object";
        return false;
    }
    if (!*got.device_secret && !(*got.client_id && *got.device_token)) {
        *why = "neither a device secret nor a token";
        return false;
    }
    *registered = got;
    mem_wipe(&got, sizeof got);
    return true;
}

void aliyun_token_login(const struct aliyun_device *device,
                        const struct aliyun_registered *registered, struct aliyun_mqtt_login *login)
{
    login->client_id = mem_printf("%s|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.1.0|",
                                  registered->client_id);
    login->username = mem_printf("%s&%s", device->device_name, device->product_key);
    login->password = mem_string(registered->device_token);
}

char *aliyun_host_instance(const char *host)
{
    static const char tail[] = ".mqtt.iothub.aliyuncs.com";
    size_t len = strlen(host);
    size_t tail_len = sizeof tail - 1;
    bool named = len > tail_len && strcasecmp(host + len - tail_len, tail) == 0;
    return mem_copy(host, named ? len - tail_len : 0);
}
