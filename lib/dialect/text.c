#include "dialect/text.h"

#include <string.h>

bool text_no_nul(const char *bytes, size_t len)
{
    return !memchr(bytes, '\0', len);
}
