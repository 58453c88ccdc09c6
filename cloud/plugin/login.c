#include "cloud/plugin/login.h"

#include <stdlib.h>
#include <string.h>

#include "cloud/plugin/client_id.h"
#include "cloud/plugin/registration.h"
#include "cloud/plugin/signature.h"
#include "cloud/plugin/text.h"

enum { KEEP_ALIVE_MIN = 30 };

/* What the checks share. */
struct check {
    struct login *login;
    const struct login_request *request;
    const struct devices *devices;
    const char *folder;
    const char **reason;
    struct client_id id;
};

const char *login_kind_text(enum login_kind kind)
{
    static const char *const texts[] = {"device", "connwl", "register", "regnwl"};
    return texts[kind];
}

static int refuse(const struct check *check, int code, const char *reason)
{
    *check->reason = reason;
    return code;
}

/* A pair that is not there equals nothing. */
static bool equals(const char *value, const char *text)
{
    return value && strcmp(value, text) == 0;
}

/* {device name}&{product key} */
static bool read_user_name(struct login *login, const char *user_name)
{
    const char *mark = strrchr(user_name, '&');
    if (!mark || mark == user_name || !mark[1]) {
        return false;
    }
    login->device_name = text_part(user_name, (size_t)(mark - user_name));
    login->product_key = text_copy(mark + 1);
    return true;
}

/* Registration does not look at it. Above 1200 seconds the platform's SDK says that they are taken
 * as 1200. */
static bool keep_alive_is_good(const struct check *check)
{
    return check->request->keep_alive >= KEEP_ALIVE_MIN;
}

/* ---- with a secret ---- */

static bool secret_signed(const struct check *check, const char *method, const char *secret)
{
    const struct login *login = check->login;
    const char *timestamp = check->id.timestamp;
    char *content =
        text_format("clientId%sdeviceName%sproductKey%s%s%s", check->id.name, login->device_name,
                    login->product_key, timestamp ? "timestamp" : "", timestamp ? timestamp : "");
    bool good = signature_matches(method, secret, content, check->request->password);
    free(content);
    return good;
}

static int check_device(const struct check *check)
{
    const char *method = check->id.signmethod ? check->id.signmethod : "hmacmd5";
    if (!check->id.securemode) {
        return refuse(check, LOGIN_BAD_PARAMETERS, "no securemode");
    }
    if (!equals(check->id.securemode, check->request->tls ? "2" : "3")) {
        return refuse(check, LOGIN_BAD_PARAMETERS,
                      check->request->tls ? "securemode is not 2, which TLS has"
                                          : "securemode is not 3, which TCP without TLS has");
    }
    if (!signature_method_known(method)) {
        return refuse(check, LOGIN_BAD_PARAMETERS, "unknown signmethod");
    }
    if (!keep_alive_is_good(check)) {
        return refuse(check, LOGIN_UNAVAILABLE, "keep-alive below 30 seconds");
    }
    const struct device *device =
        devices_find(check->devices, check->login->product_key, check->login->device_name);
    if (!device) {
        return refuse(check, LOGIN_BAD_SIGNATURE, "no such device");
    }
    if (!secret_signed(check, method, device->secret)) {
        return refuse(check, LOGIN_BAD_SIGNATURE, "wrong password");
    }
    registration_activate(check->folder, device);
    return LOGIN_ACCEPTED;
}

/* ---- with a token ---- */

static int check_token(const struct check *check)
{
    if (!equals(check->id.securemode, "-2")) {
        return refuse(check, LOGIN_BAD_PARAMETERS, "securemode is not -2");
    }
    if (!keep_alive_is_good(check)) {
        return refuse(check, LOGIN_UNAVAILABLE, "keep-alive below 30 seconds");
    }
    const struct product *product = devices_registering(check->devices, check->login->product_key);
    if (!product || !registration_token_is_good(product, check->login->device_name, check->id.name,
                                                check->request->password)) {
        return refuse(check, LOGIN_BAD_SIGNATURE, "wrong token");
    }
    return LOGIN_ACCEPTED;
}

/* ---- dynamic registration ---- */

/* Documents and SDKs differ in the securemode of regnwl; both are taken. */
static const char *fault_of_form(const struct check *check)
{
    bool unknown = check->login->kind == LOGIN_REGISTER_TOKEN;
    if (!check->request->tls) {
        return "registration without TLS";
    }
    if (!equals(check->id.securemode, "2") && !(unknown && equals(check->id.securemode, "-2"))) {
        return "securemode is not 2";
    }
    if (!check->id.random || !*check->id.random) {
        return "no random";
    }
    return check->id.signmethod && signature_method_known(check->id.signmethod)
               ? NULL
               : "unknown signmethod";
}

static bool product_signed(const struct check *check, const struct product *product)
{
    char *content = text_format("deviceName%sproductKey%srandom%s", check->login->device_name,
                                check->login->product_key, check->id.random);
    bool good =
        signature_matches(check->id.signmethod, product->secret, content, check->request->password);
    free(content);
    return good;
}

static int answer_secret(const struct check *check)
{
    const struct device *device =
        devices_find(check->devices, check->login->product_key, check->login->device_name);
    if (!device) {
        return refuse(check, LOGIN_BAD_SIGNATURE, "no such device");
    }
    if (registration_is_active(check->folder, device)) {
        return refuse(check, LOGIN_BAD_SIGNATURE, "the device is activated already");
    }
    check->login->answer = registration_secret_answer(device);
    return LOGIN_ACCEPTED;
}

static int check_registration(const struct check *check)
{
    const char *fault = fault_of_form(check);
    if (fault) {
        return refuse(check, LOGIN_BAD_PARAMETERS, fault);
    }
    const struct product *product = devices_registering(check->devices, check->login->product_key);
    if (!product) {
        return refuse(check, LOGIN_BAD_SIGNATURE, "no product with dynamic registration");
    }
    if (!product_signed(check, product)) {
        return refuse(check, LOGIN_BAD_SIGNATURE, "wrong password");
    }
    if (check->login->kind == LOGIN_REGISTER) {
        return answer_secret(check);
    }
    check->login->answer = registration_token_answer(product, check->login->device_name);
    return LOGIN_ACCEPTED;
}

/* ---- all of them ---- */

static int check_kind(const struct check *check)
{
    const char *type = check->id.auth_type;
    if (!type) {
        return check_device(check);
    }
    if (equals(type, "connwl")) {
        check->login->kind = LOGIN_TOKEN;
        return check_token(check);
    }
    if (equals(type, "register") || equals(type, "regnwl")) {
        check->login->kind = equals(type, "register") ? LOGIN_REGISTER : LOGIN_REGISTER_TOKEN;
        return check_registration(check);
    }
    return refuse(check, LOGIN_BAD_PARAMETERS, "unknown authType");
}

int login_check(struct login *login, const struct login_request *request,
                const struct devices *devices, const char *folder, const char **reason)
{
    *login = (struct login){.kind = LOGIN_DEVICE};
    struct check check = {login, request, devices, folder, reason, {0}};
    int code;
    if (!client_id_read(&check.id, request->client_id)) {
        code = refuse(&check, LOGIN_BAD_PARAMETERS, "the client id is not NAME|KEY=VALUE,...|");
    } else if (!request->user_name || !request->password ||
               !read_user_name(login, request->user_name)) {
        code = refuse(&check, LOGIN_BAD_SIGNATURE, "the user name is not DEVICE&PRODUCT");
    } else {
        code = check_kind(&check);
        login->ext_rrpc = client_id_ext_rrpc(&check.id);
    }
    client_id_clear(&check.id);
    return code;
}

void login_clear(struct login *login)
{
    free(login->product_key);
    free(login->device_name);
    free(login->answer);
    *login = (struct login){0};
}
