#include "dialect/text.h"

#include <string.h>

bool text_no_nul(const char *bytes, size_t len)
{
    return !memchr(bytes, '\0', len);
}

bool text_not_empty(const char *bytes, size_t len)
{
    return len && text_no_nul(bytes, len);
}

bool text_is_name(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] <= ' ' || bytes[i] > '~' || bytes[i] == '"') {
            return false;
        }
    }
    return true;
}
