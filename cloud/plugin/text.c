#include "cloud/plugin/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *sure(void *memory)
{
    if (!memory) {
        abort();
    }
    return memory;
}

char *text_copy(const char *text)
{
    return sure(strdup(text));
}

char *text_part(const char *text, size_t len)
{
    return sure(strndup(text, len));
}

char *text_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    return sure(len < 0 ? NULL : text);
}

void *text_zeroed(size_t size)
{
    return sure(calloc(1, size));
}
