#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_die(void *memory)
{
    if (!memory) {
        fputs("atmodemd: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *mem_zeroed(size_t size)
{
    return or_die(calloc(1, size ? size : 1));
}

void *mem_resize(void *old, size_t size)
{
    return or_die(realloc(old, size ? size : 1));
}

char *mem_copy(const void *bytes, size_t len)
{
    char *copy = or_die(malloc(len + 1));
    if (len) {
        memcpy(copy, bytes, len);
    }
    copy[len] = '\0';
    return copy;
}

char *mem_string(const char *text)
{
    return text ? mem_copy(text, strlen(text)) : NULL;
}

char *mem_printf(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    return or_die(len < 0 ? NULL : text);
}

void mem_wipe(void *bytes, size_t len)
{
    if (bytes) {
        explicit_bzero(bytes, len);
    }
}
