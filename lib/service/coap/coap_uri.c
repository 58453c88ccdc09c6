#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "service/coap/coap_client.h"

static const char *take_scheme(const char *text, struct coap_client_uri *uri)
{
    static const char plain[] = "coap://";
    static const char secure[] = "coaps://";
    if (strncasecmp(text, plain, sizeof plain - 1) == 0) {
        uri->port = 5683;
        return text + sizeof plain - 1;
    }
    if (strncasecmp(text, secure, sizeof secure - 1) == 0) {
        uri->port = 5684;
        uri->secure = true;
        return text + sizeof secure - 1;
    }
    return NULL;
}

/* A name as it may stand in a certificate, or an IPv4 number. */
static bool is_name(const char *text)
{
    for (; *text; text++) {
        if (!isalnum((unsigned char)*text) && !strchr("-._", *text)) {
            return false;
        }
    }
    return true;
}

static const char *take_host(const char *text, struct coap_client_uri *uri)
{
    struct in6_addr number;
    bool bracketed = *text == '[';
    text += bracketed;
    size_t len = strcspn(text, bracketed ? "]" : ":/");
    if (len == 0 || len >= sizeof uri->host || (bracketed && text[len] != ']')) {
        return NULL;
    }
    memcpy(uri->host, text, len);
    uri->host[len] = '\0';
    bool fits = bracketed ? inet_pton(AF_INET6, uri->host, &number) == 1 : is_name(uri->host);
    return fits ? text + len + bracketed : NULL;
}

/* An empty port is the usual one (RFC 3986 3.2.3). */
static const char *take_port(const char *text, struct coap_client_uri *uri)
{
    if (*text != ':') {
        return text;
    }
    size_t len = strspn(++text, "0123456789");
    if (len > 5) {
        return NULL;
    }
    if (len) {
        uri->port = atoi(text);
    }
    return uri->port >= 1 && uri->port <= 65535 ? text + len : NULL;
}

static bool take_path(const char *text, struct coap_client_uri *uri)
{
    size_t len = strlen(text);
    if (len && (*text != '/' || strchr(text, '?') || !coap_client_path_valid(text, len))) {
        return false;
    }
    while (len && text[len - 1] == '/') {
        len--;
    }
    if (len >= sizeof uri->path) {
        return false;
    }
    memcpy(uri->path, text, len);
    uri->path[len] = '\0';
    return true;
}

bool coap_client_uri_parse(const char *text, struct coap_client_uri *uri)
{
    *uri = (struct coap_client_uri){0};
    text = take_scheme(text, uri);
    text = text ? take_host(text, uri) : NULL;
    text = text ? take_port(text, uri) : NULL;
    return text && take_path(text, uri);
}
