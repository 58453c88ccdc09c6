#include "base/utf8.h"

#include <stdint.h>

/* Length of the sequence that begins with this byte, 0 if none can; and its share of the character.
 */
static size_t sequence(unsigned char first, uint32_t *character)
{
    if (first < 0x80) {
        *character = first;
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        *character = first & 0x1fu;
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        *character = first & 0x0fu;
        return 3;
    }
    if (first >= 0xf0 && first < 0xf5) {
        *character = first & 0x07u;
        return 4;
    }
    return 0;
}

bool utf8_valid(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t character = 0;
        size_t size = sequence((unsigned char)bytes[i], &character);
        if (size == 0 || size > len - i) {
            return false;
        }
        for (size_t k = 1; k < size; k++) {
            unsigned char next = (unsigned char)bytes[i + k];
            if ((next & 0xc0) != 0x80) {
                return false;
            }
            character = character << 6 | (next & 0x3fu);
        }
        bool overlong = (size == 3 && character < 0x800) || (size == 4 && character < 0x10000);
        if (overlong || (character >= 0xd800 && character < 0xe000) || character > 0x10ffff) {
            return false;
        }
        i += size;
    }
    return true;
}
