#include "port/tcp_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool good_port(const char *port)
{
    size_t len = strlen(port);
    return len > 0 && len <= 5 && strspn(port, "0123456789") == len && atoi(port) <= 65535;
}

static bool fill_ipv4(struct tcp_address *address, const char *host, int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &in.sin_addr) != 1) {
        return false;
    }
    memcpy(&address->storage, &in, sizeof in);
    address->len = sizeof in;
    return true;
}

static bool fill_ipv6(struct tcp_address *address, const char *host, int port)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET6, host, &in.sin6_addr) != 1) {
        return false;
    }
    memcpy(&address->storage, &in, sizeof in);
    address->len = sizeof in;
    return true;
}

/* An IPv6 address stands in brackets, else it would not be clear where it ends. */
static bool fill(struct tcp_address *address, const char *text, size_t len, int port)
{
    char host[64];
    if (len >= sizeof host) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    if (len == 0 || strcmp(host, "localhost") == 0) {
        return fill_ipv4(address, "127.0.0.1", port);
    }
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        return fill_ipv6(address, host + 1, port);
    }
    return fill_ipv4(address, host, port);
}

bool tcp_address_parse(const char *text, struct tcp_address *address, char *why, size_t why_size)
{
    const char *colon = strrchr(text, ':');
    const char *port = colon ? colon + 1 : text;
    if (!good_port(port)) {
        snprintf(why, why_size, "'tcp:%.80s': the port must be a number from 0 to 65535", text);
        return false;
    }
    if (!fill(address, text, colon ? (size_t)(colon - text) : 0, atoi(port))) {
        snprintf(why, why_size,
                 "'tcp:%.80s': the host must be a numeric address (IPv6 in brackets) or localhost",
                 text);
        return false;
    }
    return true;
}

void tcp_address_print(const struct tcp_address *address, char text[TCP_ADDRESS_TEXT])
{
    char host[64];
    char port[8];
    if (getnameinfo((const struct sockaddr *)&address->storage, address->len, host, sizeof host,
                    port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(text, TCP_ADDRESS_TEXT, "an unknown address");
        return;
    }
    if (address->storage.ss_family == AF_INET6) {
        snprintf(text, TCP_ADDRESS_TEXT, "[%s]:%s", host, port);
    } else {
        snprintf(text, TCP_ADDRESS_TEXT, "%s:%s", host, port);
    }
}
