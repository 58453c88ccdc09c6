#include "base/utf8.h"

/* How long the sequence is that begins with this byte, and the smallest character that may be
 * written so long. 0: none begins so. */
static size_t sequence(unsigned char first, uint32_t *least)
{
    if (first < 0x80) {
        *least = 0;
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        *least = 0x80;
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        *least = 0x800;
        return 3;
    }
    if (first >= 0xf0 && first < 0xf5) {
        *least = 0x10000;
        return 4;
    }
    return 0;
}

size_t utf8_next(const char *bytes, size_t len, uint32_t *character)
{
    uint32_t least = 0;
    size_t size = len ? sequence((unsigned char)*bytes, &least) : 0;
    if (size == 0 || size > len) {
        return 0;
    }
    uint32_t code = (unsigned char)*bytes & (size == 1 ? 0x7fu : 0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if ((byte & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (byte & 0x3fu);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    *character = code;
    return code < least || code > 0x10ffff || surrogate ? 0 : size;
}

bool utf8_valid(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t character;
        size_t size = utf8_next(bytes + i, len - i, &character);
        if (size == 0) {
            return false;
        }
        i += size;
    }
    return true;
}
