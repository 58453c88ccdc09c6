/* Where CoAP requests go, and ICOAPAUTH: the server of coap.uri, which answers a ping, or Alibaba
 * Cloud, which wants to know the device. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cloud/aliyun_coap.h"
#include "dialect/ica/instance.h"
#include "settings/settings.h"

static const struct coap_client_settings *settings(const struct ica *ica)
{
    return settings_of(ica->env.settings, &coap_client_settings_group);
}

/* What a server is reached with; text points into what ica_server_free() frees. */
struct server {
    struct coap_client_options options;
    struct coap_client_uri uri;
    char *host;
    struct aliyun_coap_psk psk;
};

static void free_server(struct server *server)
{
    free(server->host);
    aliyun_coap_psk_free(&server->psk);
}

/* The server of coap.uri. */
static void named_server(const struct ica *ica, struct server *server)
{
    const struct coap_client_settings *coap = settings(ica);
    *server = (struct server){0};
    coap_client_uri_parse(coap->uri, &server->uri); /* the setting was checked */
    bool psk = *coap->psk_key;
    server->options = (struct coap_client_options){
        .host = server->uri.host,
        .port = server->uri.port,
        .security = !server->uri.secure ? COAP_CLIENT_PLAIN
                    : psk               ? COAP_CLIENT_PSK
                                        : COAP_CLIENT_CERTIFICATE,
        .tls = coap->tls,
        .psk_identity = coap->psk_identity,
        .psk_key = coap->psk_key,
        .psk_key_len = strlen(coap->psk_key),
    };
}

/* The cloud's, or its stand-in at coap.uri. Over DTLS the device's secret gives the key, unless a
 * key or an authority is named. */
static bool cloud_server(const struct ica *ica, const struct aliyun_device *device,
                         struct server *server)
{
    const struct coap_client_settings *coap = settings(ica);
    const struct cloud_settings *cloud = settings_of(ica->env.settings, &cloud_settings_group);
    if (!*coap->uri) {
        *server = (struct server){.host = aliyun_coap_host(cloud, device->product_key)};
        server->options =
            (struct coap_client_options){.host = server->host, .port = ALIYUN_COAP_PORT};
        return true;
    }
    named_server(ica, server);
    bool own = *coap->psk_key || *coap->tls.ca_file || coap->tls.insecure;
    if (!server->uri.secure || own) {
        return true;
    }
    if (!aliyun_coap_psk(device, ALIYUN_COAP_PSK_SDK, NULL, &server->psk)) {
        log_error(ica->env.log, "the TLS library has no HMAC-SHA256");
        return false;
    }
    server->options.security = COAP_CLIENT_PSK;
    server->options.psk_identity = server->psk.identity;
    server->options.psk_key = server->psk.key;
    server->options.psk_key_len = strlen(server->psk.key);
    return true;
}

/* NULL: the TLS library lacks something. */
static struct coap_access *make_access(const struct ica *ica, const struct ica_triple *triple)
{
    const struct aliyun_device device = ica_device(triple);
    struct server server;
    struct coap_access *access = NULL;
    if (cloud_server(ica, &device, &server)) {
        bool dtls = server.options.security != COAP_CLIENT_PLAIN;
        access = coap_access_create(ica->env.services, &server.options,
                                    dtls ? ALIYUN_COAP_DTLS : ALIYUN_COAP_SYMMETRIC, &device);
    }
    free_server(&server);
    return access;
}

void ica_coap_load_server(struct ica *ica)
{
    if (*settings(ica)->uri && ica->settings->auth != ICA_AUTH_CLOUD) {
        struct server server;
        named_server(ica, &server);
        ica->coap.plain = coap_client_create(ica->env.services, &server.options);
        ica->coap.prefix = mem_string(server.uri.path);
        free_server(&server);
    }
}

void ica_coap_unload_server(struct ica *ica)
{
    struct ica_coap *coap = &ica->coap;
    coap_client_destroy(coap->plain);
    coap_access_destroy(coap->cloud);
    if (coap->candidate != coap->cloud) {
        coap_access_destroy(coap->candidate);
    }
    free(coap->prefix);
    mem_wipe(&coap->device, sizeof coap->device);
}

/* ---- requests ---- */

bool ica_coap_ready(const struct ica *ica)
{
    return ica->coap.plain || ica->coap.auth.passed;
}

uint16_t ica_coap_send(struct ica *ica, const struct coap_client_request *request,
                       coap_client_done done, void *ctx)
{
    struct ica_coap *coap = &ica->coap;
    if (!coap->plain) {
        if (!coap->cloud) { /* no exchange was wanted before */
            coap->device = coap->auth.values;
            coap->cloud = make_access(ica, &coap->device);
        }
        return coap->cloud ? coap_access_send(coap->cloud, request, done, ctx) : 0;
    }
    struct coap_client_request prefixed = *request;
    char *path = mem_printf("%s%s", coap->prefix, request->path);
    prefixed.path = path;
    uint16_t token = coap_client_send(coap->plain, &prefixed, done, ctx);
    free(path);
    return token;
}

/* ---- ICOAPAUTH ---- */

static void pinged(void *ctx, uint16_t token, const struct coap_client_response *response)
{
    (void)token;
    ica_auth_over(ctx, &ica_coap_auth,
                  response->outcome == COAP_CLIENT_RESPONSE ||
                      response->outcome == COAP_CLIENT_RESET);
}

static void authenticated(void *ctx, bool accepted)
{
    struct ica *ica = ctx;
    struct ica_coap *coap = &ica->coap;
    if (coap->candidate != coap->cloud) {
        if (accepted) { /* the device before is no longer ours to speak for */
            ica_coap_end_requests(ica, true);
            coap_access_destroy(coap->cloud);
            coap->cloud = coap->candidate;
            coap->device = coap->auth.values;
        } else {
            coap_access_destroy(coap->candidate);
        }
    }
    coap->candidate = NULL;
    ica_auth_over(ica, &ica_coap_auth, accepted);
}

static at_result begin(struct ica *ica)
{
    struct ica_coap *coap = &ica->coap;
    unsigned timeout_ms = (unsigned)ica->settings->conn_timeout * 1000;
    if (coap->plain) {
        return coap_client_ping(coap->plain, timeout_ms, pinged, ica) ? AT_OK : ICA_MEMORY_FULL;
    }
    bool same = coap->cloud && ica_same_triple(&coap->device, &coap->auth.values);
    coap->candidate = same ? coap->cloud : make_access(ica, &coap->auth.values);
    if (!coap->candidate) {
        return ICA_UNKNOWN;
    }
    coap_access_auth(coap->candidate, timeout_ms, authenticated, ica);
    return AT_OK;
}

const struct ica_auth_kind ica_coap_auth = {
    .name = "+ICOAPAUTH",
    .offset = offsetof(struct ica, coap.auth),
    .kept = ICA_COAP_PRODUCT_KEY,
    .begin = begin,
    .told = ica_ota_over_coap,
};
