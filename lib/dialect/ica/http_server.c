/* Where HTTP requests go, and IHTTPAUTH: the server of http.uri, of which any response will do, or
 * Alibaba Cloud, which gives a token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cloud/aliyun_http.h"
#include "dialect/ica/instance.h"
#include "settings/settings.h"

enum { ANSWER_MAX = 64 * 1024 };

static const struct http_settings *settings(const struct ica *ica)
{
    return settings_of(ica->env.settings, &http_settings_group);
}

bool ica_http_to_cloud(const struct ica *ica)
{
    return !*settings(ica)->uri || ica->settings->auth == ICA_AUTH_CLOUD;
}

char *ica_http_url(const struct ica *ica, const char *path)
{
    const struct cloud_settings *cloud = settings_of(ica->env.settings, &cloud_settings_group);
    const char *uri = settings(ica)->uri;
    char *base = *uri ? mem_string(uri) : aliyun_http_base(cloud);
    size_t len = strlen(base);
    while (len && base[len - 1] == '/') {
        len--;
    }
    char *url = mem_printf("%.*s%s", (int)len, base, path);
    free(base);
    return url;
}

struct service_tls ica_http_tls(const struct ica *ica)
{
    const struct http_settings *http = settings(ica);
    return (struct service_tls){.ca_file = http->ca_file, .insecure = http->insecure};
}

/* ---- IHTTPAUTH ---- */

static void plain_answered(void *ctx, const struct http_response *response)
{
    ica_auth_over(ctx, &ica_http_auth, response->outcome == HTTP_DONE);
}

static void cloud_answered(void *ctx, const struct http_response *response)
{
    struct ica *ica = ctx;
    struct aliyun_http_answer answer = {.code = ALIYUN_HTTP_NO_CODE};
    if (response->outcome == HTTP_DONE) {
        aliyun_http_answer_read(&answer, response->bytes, response->len);
    }
    bool accepted = answer.code == ALIYUN_HTTP_SUCCESS;
    snprintf(ica->http.token, sizeof ica->http.token, "%s", accepted ? answer.token : "");
    if (!accepted) {
        log_warning(ica->env.log, "http: the cloud has not accepted the device: %s (code %d)",
                    *answer.message ? answer.message : response->why, answer.code);
    }
    mem_wipe(&answer, sizeof answer);
    ica_auth_over(ica, &ica_http_auth, accepted);
}

static at_result begin(struct ica *ica)
{
    bool cloud = ica_http_to_cloud(ica);
    const struct aliyun_device device = ica_device(&ica->http.auth.values);
    char *body = cloud ? aliyun_http_auth(&device) : NULL;
    if (cloud && !body) {
        return ICA_UNKNOWN;
    }
    static const char *const json[] = {"Content-Type: application/json", NULL};
    char *url = ica_http_url(ica, cloud ? "/auth" : "/");
    http_send(ica->http.service,
              &(struct http_request){
                  .method = cloud ? HTTP_POST : HTTP_GET,
                  .url = url,
                  .headers = cloud ? json : NULL,
                  .body = body,
                  .len = body ? strlen(body) : 0,
                  .keep_alive = kept_number(&ica->kept, ICA_HTTP_KEEPALIVE) == 1,
                  .timeout_ms = (unsigned)ica->settings->conn_timeout * 1000,
                  .body_max = ANSWER_MAX,
                  .range_from = -1,
                  .tls = ica_http_tls(ica),
              },
              cloud ? cloud_answered : plain_answered, ica);
    free(url);
    free(body);
    return AT_OK;
}

const struct ica_auth_kind ica_http_auth = {
    .name = "+IHTTPAUTH",
    .offset = offsetof(struct ica, http.auth),
    .kept = ICA_HTTP_PRODUCT_KEY,
    .begin = begin,
};
