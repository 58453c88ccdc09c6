#include "net/provision_message.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/mem.h"

bool provision_credentials_set(struct provision_credentials *credentials, const char *ssid,
                               const char *psk)
{
    size_t ssid_len = strlen(ssid);
    size_t psk_len = psk ? strlen(psk) : 0;
    if (ssid_len == 0 || ssid_len > PROVISION_SSID_MAX || psk_len > PROVISION_PSK_MAX) {
        return false;
    }
    *credentials = (struct provision_credentials){0};
    memcpy(credentials->ssid, ssid, ssid_len);
    if (psk_len) {
        memcpy(credentials->psk, psk, psk_len);
    }
    return true;
}

/* A string would end there. */
static bool holds_nul(const char *text, size_t len)
{
    return memchr(text, '\0', len) || memmem(text, len, "\\u0000", 6);
}

bool provision_credentials_read(struct provision_credentials *credentials, const char *text,
                                size_t len)
{
    cJSON *json = holds_nul(text, len) ? NULL : cJSON_ParseWithLength(text, len);
    const cJSON *ssid = cJSON_GetObjectItemCaseSensitive(json, "ssid");
    const cJSON *psk = cJSON_GetObjectItemCaseSensitive(json, "psk");
    char *secret = cJSON_GetStringValue(psk);
    bool ok = cJSON_IsString(ssid) && (!psk || secret) &&
              provision_credentials_set(credentials, ssid->valuestring, secret);
    mem_wipe(secret, secret ? strlen(secret) : 0);
    cJSON_Delete(json);
    return ok;
}
