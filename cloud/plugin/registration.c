#include "cloud/plugin/registration.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cloud/plugin/signature.h"
#include "cloud/plugin/text.h"

enum { CLIENT_ID_LEN = 20, TOKEN_DIGITS = 15 };

/* ---- activation ---- */

static char *flag_path(const char *folder, const struct device *device)
{
    return text_format("%s/%s&%s", folder, device->product_key, device->name);
}

void registration_activate(const char *folder, const struct device *device)
{
    char *path = flag_path(folder, device);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "standin: %s: %s", path, strerror(errno));
    } else {
        close(fd);
    }
    free(path);
}

bool registration_is_active(const char *folder, const struct device *device)
{
    char *path = flag_path(folder, device);
    bool active = access(path, F_OK) == 0;
    free(path);
    return active;
}

/* ---- tokens ---- */

/* As real ones look: ^1^{milliseconds}^{digits}, the digits being what is signed here. */
static char *make_token(const struct product *product, const char *device_name,
                        const char *client_id, const char *time)
{
    char hex[SIGNATURE_SIZE];
    char *content = text_format("clientId%sdeviceName%sproductKey%stime%s", client_id, device_name,
                                product->key, time);
    bool made = signature_make("hmacsha256", product->secret, content, hex);
    free(content);
    return made ? text_format("^1^%s^%.*s", time, TOKEN_DIGITS, hex) : NULL;
}

bool registration_token_is_good(const struct product *product, const char *device_name,
                                const char *client_id, const char *token)
{
    if (strncmp(token, "^1^", 3) != 0) {
        return false;
    }
    char *time = text_part(token + 3, strcspn(token + 3, "^"));
    char *expected = make_token(product, device_name, client_id, time);
    bool good = expected && strcmp(expected, token) == 0;
    free(expected);
    free(time);
    return good;
}

static bool make_client_id(char text[CLIENT_ID_LEN + 1])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char random[CLIENT_ID_LEN];
    if (RAND_bytes(random, sizeof random) != 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof random; i++) {
        text[i] = letters[random[i] % (sizeof letters - 1)];
    }
    text[CLIENT_ID_LEN] = '\0';
    return true;
}

/* ---- answers ---- */

/* Takes the object. */
static char *printed(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return text;
}

char *registration_secret_answer(const struct device *device)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "productKey", device->product_key);
    cJSON_AddStringToObject(object, "deviceName", device->name);
    cJSON_AddStringToObject(object, "deviceSecret", device->secret);
    return printed(object);
}

char *registration_token_answer(const struct product *product, const char *device_name)
{
    char random[CLIENT_ID_LEN + 1];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (!make_client_id(random)) {
        return NULL;
    }
    char *client_id = text_format("%s000100", random);
    char *time = text_format("%lld%03ld", (long long)now.tv_sec, now.tv_nsec / 1000000);
    char *token = make_token(product, device_name, client_id, time);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "productKey", product->key);
    cJSON_AddStringToObject(object, "deviceName", device_name);
    cJSON_AddStringToObject(object, "clientId", client_id);
    bool complete = token && cJSON_AddStringToObject(object, "deviceToken", token);
    free(token);
    free(time);
    free(client_id);
    char *answer = printed(object);
    if (!complete) {
        free(answer);
        return NULL;
    }
    return answer;
}
