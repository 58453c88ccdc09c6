#include "service/http/http_options.h"

#include <limits.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/redirect.h"
#include "service/env.h"
#include "service/http/http_headers.h"
#include "service/http/http_transfer.h"

static bool empty(const char *text)
{
    return !text || !*text;
}

/* Nothing of this depends on the environment, and nothing is remembered but connections. */
static void set_manners(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Without it, whoever ends a transfer waits for its look-up. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "atmodemd/" ATMODEMD_VERSION);
    /* Limits are kept by timers of our own; 0 would be 300 s. */
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)INT_MAX);
}

static void set_method(CURL *easy, const struct http_transfer *transfer)
{
    enum http_method method = transfer->method;
    bool always = method == HTTP_POST || method == HTTP_PUT || method == HTTP_PATCH;
    if (method == HTTP_HEAD) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (always || transfer->len) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, http_method_name(method));
}

/* network.redirect: libcurl connects elsewhere, and Host and TLS keep the name. */
static void set_target(struct http_transfer *transfer)
{
    const struct http_url *url = &transfer->url;
    int port = url->port;
    const char *host = redirect_apply(transfer->env->redirect, url->host, &port);
    curl_slist_free_all(transfer->detour);
    transfer->detour = NULL;
    if (host != url->host || port != url->port) {
        bool number6 = strchr(host, ':') != NULL;
        char *rule = mem_printf("::%s%s%s:%d", number6 ? "[" : "", host, number6 ? "]" : "", port);
        transfer->detour = curl_slist_append(NULL, rule);
        free(rule);
    }
    curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, transfer->detour);
    curl_easy_setopt(transfer->easy, CURLOPT_URL, url->text);
}

static struct curl_blob blob_of(const char *pem)
{
    return (struct curl_blob){(void *)(uintptr_t)pem, strlen(pem), CURL_BLOB_COPY};
}

/* The hashed directory, never the bundle beside it: that takes 25 ms of the loop to read. */
static void set_trust(CURL *easy, const struct service_tls *tls)
{
    const char *folder = getenv(X509_get_default_cert_dir_env());
    folder = folder ? folder : X509_get_default_cert_dir();
    bool text = !tls->insecure && !empty(tls->ca_pem);
    bool file = !tls->insecure && !text && !empty(tls->ca_file);
    bool store = !tls->insecure && !text && !file;
    if (text) {
        struct curl_blob certificates = blob_of(tls->ca_pem);
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &certificates);
    }
    curl_easy_setopt(easy, CURLOPT_CAINFO, file ? tls->ca_file : NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, store ? folder : NULL);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);    /* the file may be renewed */
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* a session would go without it */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls->insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls->insecure ? 0L : 2L);
}

static void set_identity(CURL *easy, const struct service_tls *tls)
{
    if (empty(tls->cert_pem)) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->cert_file);
    } else {
        struct curl_blob certificate = blob_of(tls->cert_pem);
        curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
    }
    const char *key_pem = service_tls_key_pem(tls);
    if (key_pem) {
        struct curl_blob key = blob_of(key_pem);
        curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
    } else {
        curl_easy_setopt(easy, CURLOPT_SSLKEY, service_tls_key_file(tls));
    }
}

static void set_tls(CURL *easy, const struct service_tls *tls)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    set_trust(easy, tls);
    if (service_tls_has_identity(tls)) {
        set_identity(easy, tls);
        /* Without one, OpenSSL would ask on the terminal. */
        curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "");
    }
}

void http_options_set(struct http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    const struct http_request *request = &transfer->request;
    set_manners(easy);
    if (request->http1) {
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    }
    set_method(easy, transfer);
    set_target(transfer);
    if (transfer->url.secure) {
        set_tls(easy, &request->tls);
    }
    curl_slist_free_all(transfer->headers);
    transfer->headers =
        http_headers_complete(transfer->given, request->keep_alive, request->range_from);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->keep_alive ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, request->keep_alive ? 0L : 1L);
}
