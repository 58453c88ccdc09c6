#include "cloud/aliyun_http.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/json.h"

char *aliyun_http_base(const struct cloud_settings *cloud)
{
    return *cloud->instance ? mem_printf("https://%s.http.iothub.aliyuncs.com", cloud->instance)
                            : mem_printf("https://iot-as-http.%s.aliyuncs.com", cloud->region);
}

char *aliyun_http_auth(const struct aliyun_device *device)
{
    char *client_id = mem_printf("%s.%s", device->product_key, device->device_name);
    char signature[ALIYUN_SIGNATURE_SIZE];
    char *text = NULL;
    /* The signed text is that of an MQTT password. */
    if (aliyun_mqtt_password(ALIYUN_HMAC_SHA1, device, client_id, NULL, signature)) {
        cJSON *auth = json_object();
        json_add_text(auth, "version", "default");
        json_add_text(auth, "clientId", client_id);
        json_add_text(auth, "signmethod", "hmacsha1");
        json_add_text(auth, "sign", signature);
        json_add_text(auth, "productKey", device->product_key);
        json_add_text(auth, "deviceName", device->device_name);
        text = json_take_text(auth);
    }
    free(client_id);
    return text;
}

static int read_code(const cJSON *answer)
{
    long long code;
    return json_integer(answer, "code", 0, INT_MAX, &code) ? (int)code : ALIYUN_HTTP_NO_CODE;
}

void aliyun_http_answer_read(struct aliyun_http_answer *answer, const char *bytes, size_t len)
{
    *answer = (struct aliyun_http_answer){.code = ALIYUN_HTTP_NO_CODE};
    cJSON *parsed = json_parse_object(bytes, len);
    if (!parsed) {
        return;
    }
    answer->code = read_code(parsed);
    const char *message = json_text(parsed, "message");
    snprintf(answer->message, sizeof answer->message, "%s", message ? message : "");
    if (answer->code == ALIYUN_HTTP_SUCCESS) {
        const cJSON *info = cJSON_GetObjectItemCaseSensitive(parsed, "info");
        const char *token = json_text(info, "token");
        if (token && aliyun_is_token(token, sizeof answer->token)) {
            memcpy(answer->token, token, strlen(token) + 1);
        } else {
            answer->code = ALIYUN_HTTP_NO_CODE;
        }
    }
    cJSON_Delete(parsed);
}

int aliyun_http_report_code(const char *bytes, size_t len)
{
    cJSON *answer = json_parse_object(bytes, len);
    int code = read_code(answer);
    cJSON_Delete(answer);
    return code;
}
