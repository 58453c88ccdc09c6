/* As whom CONN connects: given credentials, a device secret, or what a registration brought. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dialect/aliyun_wifi/instance.h"
#include "settings/settings.h"

enum { MODE_SECRET, MODE_PREREGISTERED, MODE_UNREGISTERED };

static bool same(const struct aw *aw, enum aw_kept a, enum aw_kept b)
{
    return strcmp(kept_text(&aw->kept, a), kept_text(&aw->kept, b)) == 0;
}

static struct aliyun_device device_of(const struct aw *aw)
{
    return (struct aliyun_device){kept_text(&aw->kept, AW_PRODUCT_KEY),
                                  kept_text(&aw->kept, AW_DEVICE_NAME),
                                  kept_text(&aw->kept, AW_DEVICE_SECRET)};
}

/* What a registration brought is only for the product key and the device that it was for. */
static bool is_registered(const struct aw *aw)
{
    return same(aw, AW_REGISTERED_PRODUCT_KEY, AW_PRODUCT_KEY) &&
           same(aw, AW_REGISTERED_DEVICE_NAME, AW_DEVICE_NAME);
}

const char *aw_device_secret(const struct aw *aw)
{
    const char *given = kept_text(&aw->kept, AW_DEVICE_SECRET);
    return *given || !is_registered(aw) ? given : kept_text(&aw->kept, AW_REGISTERED_DEVICE_SECRET);
}

static struct aliyun_registered registered_of(const struct aw *aw)
{
    struct aliyun_registered registered = {0};
    if (is_registered(aw)) {
        snprintf(registered.device_secret, sizeof registered.device_secret, "%s",
                 kept_text(&aw->kept, AW_REGISTERED_DEVICE_SECRET));
        snprintf(registered.client_id, sizeof registered.client_id, "%s",
                 kept_text(&aw->kept, AW_REGISTERED_CLIENT_ID));
        snprintf(registered.device_token, sizeof registered.device_token, "%s",
                 kept_text(&aw->kept, AW_REGISTERED_DEVICE_TOKEN));
    }
    return registered;
}

static void set_identity(struct aw_identity *identity, const char *key, size_t key_len,
                         const char *name, size_t name_len)
{
    snprintf(identity->product_key, sizeof identity->product_key, "%.*s", (int)key_len, key);
    snprintf(identity->device_name, sizeof identity->device_name, "%.*s", (int)name_len, name);
}

/* As given. A user name `<dn>&<pk>` also says who the device is. */
static enum aw_login credentials(struct aw *aw)
{
    struct aw_session *session = &aw->session;
    const char *username = kept_text(&aw->kept, AW_USERNAME);
    const char *password = kept_text(&aw->kept, AW_PASSWORD);
    const char *bar = strchr(username, '&');
    session->login = (struct aliyun_mqtt_login){
        .client_id = mem_string(kept_text(&aw->kept, AW_CLIENT_ID)),
        .username = *username || *password ? mem_string(username) : NULL,
        .password = *password ? mem_string(password) : NULL,
    };
    if (bar && bar > username && bar[1]) {
        set_identity(&session->identity, bar + 1, strlen(bar + 1), username,
                     (size_t)(bar - username));
    }
    return AW_LOGIN_GOOD;
}

static enum aw_login with_secret(struct aw *aw, const char *secret, bool secure)
{
    struct aliyun_device device = device_of(aw);
    device.device_secret = secret;
    return aliyun_sdk4_login(&device, secure, &aw->session.login) ? AW_LOGIN_GOOD : AW_LOGIN_NONE;
}

enum aw_login aw_login(struct aw *aw, bool secure)
{
    struct aw_session *session = &aw->session;
    const struct aliyun_device device = device_of(aw);
    struct aliyun_registered registered = registered_of(aw);
    long mode = kept_number(&aw->kept, AW_AUTHMODE);
    enum aw_login result = AW_LOGIN_NONE;
    aliyun_mqtt_login_free(&session->login);
    session->identity = (struct aw_identity){0};
    session->registered = false;
    if (strcmp(kept_text(&aw->kept, AW_CREDENTIAL), "cred") == 0) {
        return credentials(aw);
    }
    if (!*device.product_key) {
        return AW_LOGIN_NONE;
    }
    set_identity(&session->identity, device.product_key, strlen(device.product_key),
                 device.device_name, strlen(device.device_name));
    if (mode != MODE_UNREGISTERED && *device.device_secret) {
        result = with_secret(aw, device.device_secret, secure);
    } else if (mode != MODE_UNREGISTERED && *registered.device_secret) {
        session->registered = true;
        result = with_secret(aw, registered.device_secret, secure);
    } else if (mode == MODE_UNREGISTERED && *registered.device_token) {
        session->registered = true;
        aliyun_token_login(&device, &registered, &session->login);
        result = AW_LOGIN_GOOD;
    } else if (mode != MODE_SECRET && *kept_text(&aw->kept, AW_PRODUCT_SECRET)) {
        result = AW_LOGIN_REGISTER;
    }
    mem_wipe(&registered, sizeof registered);
    return result;
}

/* ---- registration ---- */

struct registration_options aw_registration_options(const struct aw *aw)
{
    const struct aw_server server = aw_server(aw);
    return (struct registration_options){
        .kind = kept_number(&aw->kept, AW_AUTHMODE) == MODE_PREREGISTERED ? ALIYUN_REGISTER
                                                                          : ALIYUN_REGISTER_NWL,
        .device = device_of(aw),
        .product_secret = kept_text(&aw->kept, AW_PRODUCT_SECRET),
        .host = server.host,
        .port = server.port,
        /* The platform refuses it without TLS. */
        .secure = server.secure || aw->session.platform,
        .tls = aw_mqtt_tls(aw),
        .subscribe = !aw->session.platform,
    };
}

static void change(struct kept_changes *set, enum aw_kept which, const char *text)
{
    kept_change_text(set, which, text, strlen(text));
}

void aw_keep_registered(struct aw *aw, const struct aliyun_registered *registered, nvram_done done)
{
    struct kept_changes set = {.kept = &aw->kept};
    change(&set, AW_REGISTERED_PRODUCT_KEY, kept_text(&aw->kept, AW_PRODUCT_KEY));
    change(&set, AW_REGISTERED_DEVICE_NAME, kept_text(&aw->kept, AW_DEVICE_NAME));
    change(&set, AW_REGISTERED_DEVICE_SECRET, registered->device_secret);
    change(&set, AW_REGISTERED_CLIENT_ID, registered->client_id);
    change(&set, AW_REGISTERED_DEVICE_TOKEN, registered->device_token);
    if (!kept_store(&set, done, aw)) {
        done(aw, true);
    }
}

void aw_drop_registered(struct kept_changes *set)
{
    for (unsigned which = AW_REGISTERED_PRODUCT_KEY; which <= AW_REGISTERED_DEVICE_TOKEN; which++) {
        kept_change_text(set, which, NULL, 0);
    }
}

static void forgotten(void *ctx, bool ok)
{
    (void)ctx;
    (void)ok; /* it is refused again the next time */
}

void aw_forget_registered(struct aw *aw)
{
    struct kept_changes set = {.kept = &aw->kept};
    aw_drop_registered(&set);
    kept_store(&set, forgotten, aw);
}
