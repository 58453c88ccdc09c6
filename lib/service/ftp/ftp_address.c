#include "service/ftp/ftp_address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool ftp_address_set(union ftp_address *address, const char *number, int port)
{
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, number, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons((uint16_t)port);
        return true;
    }
    if (inet_pton(AF_INET6, number, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons((uint16_t)port);
        return true;
    }
    return false;
}

socklen_t ftp_address_len(const union ftp_address *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
}

int ftp_address_port(const union ftp_address *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

bool ftp_address_same_host(const union ftp_address *a, const union ftp_address *b)
{
    if (a->any.sa_family != b->any.sa_family) {
        return false;
    }
    if (a->any.sa_family == AF_INET6) {
        return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
    }
    return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

/* "... h1,h2,h3,h4,p1,p2 ...", with or without brackets around. */
static int pasv_port(const char *text)
{
    unsigned n[6];
    for (const char *at = strpbrk(text, "0123456789"); at; at = strpbrk(at, "0123456789")) {
        if (sscanf(at, "%3u,%3u,%3u,%3u,%3u,%3u", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]) == 6) {
            return n[4] < 256 && n[5] < 256 ? (int)(n[4] * 256 + n[5]) : 0;
        }
        at += strspn(at, "0123456789");
    }
    return 0;
}

/* "... (|||PORT|)", with any character for the bars. */
static int epsv_port(const char *text)
{
    const char *at = strchr(text, '(');
    if (!at || !at[1] || at[1] != at[2] || at[2] != at[3]) {
        return 0;
    }
    char *end = NULL;
    unsigned long port = strtoul(at + 4, &end, 10);
    return *end == at[1] && port < 65536 ? (int)port : 0;
}

int ftp_address_passive_port(int code, const char *text)
{
    return code == 229 ? epsv_port(text) : code == 227 ? pasv_port(text) : 0;
}

void ftp_address_command(const union ftp_address *address, char *text, size_t size)
{
    int port = ftp_address_port(address);
    char number[INET6_ADDRSTRLEN] = "";
    if (address->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address->v6.sin6_addr, number, sizeof number);
        snprintf(text, size, "EPRT |2|%s|%d|", number, port);
        return;
    }
    inet_ntop(AF_INET, &address->v4.sin_addr, number, sizeof number);
    for (char *at = number; *at; at++) {
        *at = *at == '.' ? ',' : *at;
    }
    snprintf(text, size, "PORT %s,%d,%d", number, port / 256, port % 256);
}
