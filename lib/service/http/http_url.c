#include "service/http/http_url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "service/http/http.h"

enum { URL_MAX = 64 * 1024 };

/* What libcurl is more generous about: blanks, "http:/host", and users. */
static bool looks_right(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte <= ' ' || byte == 0x7f) {
            return false;
        }
    }
    size_t start = len > 7 && strncasecmp(text, "http://", 7) == 0    ? 7
                   : len > 8 && strncasecmp(text, "https://", 8) == 0 ? 8
                                                                      : 0;
    size_t end = start;
    while (end < len && !strchr("/?#", text[end])) {
        /* A name of other letters would need a locale; "%" would hide other bytes. */
        if (text[end] & 0x80 || strchr("@%\\", text[end])) {
            return false;
        }
        end++;
    }
    return start && end > start && len <= URL_MAX;
}

/* A part as memory of our own, or NULL. */
static char *part(CURLU *parts, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    curl_url_get(parts, what, &text, flags);
    char *copy = mem_string(text);
    curl_free(text);
    return copy;
}

static char *without_brackets(char *host)
{
    size_t len = host ? strlen(host) : 0;
    if (len > 2 && *host == '[') {
        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
    }
    return host;
}

bool http_url_parse(struct http_url *url, const char *text, size_t len)
{
    if (!looks_right(text, len)) {
        return false;
    }
    char *copy = mem_copy(text, len);
    copy[strcspn(copy, "#")] = '\0';
    CURLU *parts = curl_url();
    if (!parts) {
        abort(); /* no memory */
    }
    bool ok = curl_url_set(parts, CURLUPART_URL, copy, CURLU_DISALLOW_USER | CURLU_PATH_AS_IS) ==
              CURLUE_OK;
    char *host = ok ? without_brackets(part(parts, CURLUPART_HOST, 0)) : NULL;
    char *port = ok ? part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT) : NULL;
    int number = port ? atoi(port) : 0;
    ok = host && *host && number > 0 && number <= 65535;
    if (ok) {
        *url = (struct http_url){copy, host, number, strncasecmp(text, "https", 5) == 0};
    } else {
        free(copy);
        free(host);
    }
    free(port);
    curl_url_cleanup(parts);
    return ok;
}

void http_url_free(struct http_url *url)
{
    free(url->text);
    free(url->host);
    *url = (struct http_url){0};
}

bool http_url_valid(const char *text, size_t len)
{
    struct http_url url = {0};
    bool ok = http_url_parse(&url, text, len);
    http_url_free(&url);
    return ok;
}

char *http_url_with(const char *text, bool secure, int port)
{
    const char *scheme = strstr(text, "://");
    bool whole = strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
    if (scheme && !whole && strcspn(text, "/?#") > (size_t)(scheme - text)) {
        return NULL; /* another one */
    }
    char *url = mem_printf("%s://%s", secure ? "https" : "http", whole ? scheme + 3 : text);
    struct http_url parsed = {0};
    bool ok = http_url_parse(&parsed, url, strlen(url));
    http_url_free(&parsed);
    if (ok && port) {
        CURLU *parts = curl_url();
        char number[16];
        snprintf(number, sizeof number, "%d", port);
        if (!parts || curl_url_set(parts, CURLUPART_URL, url, CURLU_PATH_AS_IS) != CURLUE_OK ||
            curl_url_set(parts, CURLUPART_PORT, number, 0) != CURLUE_OK) {
            abort(); /* no memory */
        }
        free(url);
        url = part(parts, CURLUPART_URL, CURLU_NO_DEFAULT_PORT);
        curl_url_cleanup(parts);
    }
    if (!ok) {
        free(url);
        return NULL;
    }
    return url;
}

char *http_url_join(const struct http_url *base, const char *location)
{
    CURLU *parts = curl_url();
    if (!parts || curl_url_set(parts, CURLUPART_URL, base->text, CURLU_PATH_AS_IS) != CURLUE_OK) {
        abort(); /* no memory */
    }
    unsigned flags =
        CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE;
    char *joined = NULL;
    if (curl_url_set(parts, CURLUPART_URL, location, flags) == CURLUE_OK) {
        joined = part(parts, CURLUPART_URL, 0);
    }
    curl_url_cleanup(parts);
    return joined;
}

bool http_url_same_origin(const struct http_url *a, const struct http_url *b)
{
    return a->secure == b->secure && a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

int http_url_shown(const char *text)
{
    return (int)strcspn(text, "?#");
}
