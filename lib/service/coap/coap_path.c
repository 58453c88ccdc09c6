#include "service/coap/coap_path.h"

#include <coap3/coap.h>
#include <string.h>

#include "service/coap/coap_client.h"

/* The options of a path must leave room for a block of payload in one datagram. */
enum { PART_MAX = 255, PATH_MAX_LEN = 1000 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decodes len bytes. False: too long, bad encoding, or a NUL. */
static bool decode(const char *text, size_t len, char *part, size_t *part_len)
{
    *part_len = 0;
    for (size_t i = 0; i < len; i++) {
        int byte = (unsigned char)text[i];
        if (byte == '%') {
            int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
            int low = i + 2 < len ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            byte = high * 16 + low;
            i += 2;
        }
        if (byte == 0 || *part_len == PART_MAX) {
            return false;
        }
        part[(*part_len)++] = (char)byte;
    }
    return true;
}

static bool is_dots(const char *part, size_t len)
{
    return (len == 1 || len == 2) && memcmp(part, "..", len) == 0;
}

struct split {
    unsigned number;
    coap_path_part part;
    void *ctx;
};

/* One segment or argument. */
static bool take_part(const struct split *split, const char *text, size_t len)
{
    char part[PART_MAX];
    size_t part_len = 0;
    if (!decode(text, len, part, &part_len)) {
        return false;
    }
    if (split->number == COAP_OPTION_URI_PATH && is_dots(part, part_len)) {
        return false; /* RFC 7252 5.10.1 */
    }
    if (split->number == COAP_OPTION_URI_QUERY && part_len == 0) {
        return true; /* says nothing, and libcoap takes no such option */
    }
    if (split->part) {
        split->part(split->ctx, split->number, part, part_len);
    }
    return true;
}

static bool take_parts(const struct split *split, const char *text, size_t len, char separator)
{
    for (;;) {
        const char *end = memchr(text, separator, len);
        size_t part_len = end ? (size_t)(end - text) : len;
        if (!take_part(split, text, part_len)) {
            return false;
        }
        if (!end) {
            return true;
        }
        text += part_len + 1;
        len -= part_len + 1;
    }
}

bool coap_path_split(const char *path, size_t len, coap_path_part part, void *ctx)
{
    struct split split = {COAP_OPTION_URI_PATH, part, ctx};
    if (len > PATH_MAX_LEN || memchr(path, '#', len)) {
        return false;
    }
    const char *end = path + len;
    const char *query = memchr(path, '?', len);
    const char *path_end = query ? query : end;
    if (path < path_end && *path == '/') {
        path++;
    }
    if (path < path_end && !take_parts(&split, path, (size_t)(path_end - path), '/')) {
        return false;
    }
    split.number = COAP_OPTION_URI_QUERY;
    return !query || take_parts(&split, query + 1, (size_t)(end - query) - 1, '&');
}

bool coap_client_path_valid(const char *path, size_t len)
{
    return coap_path_split(path, len, NULL, NULL);
}
