/* Strings on the heap, for free(). Memory that is not there ends the broker. */
#ifndef CLOUD_PLUGIN_TEXT_H
#define CLOUD_PLUGIN_TEXT_H

#include <stddef.h>

char *text_copy(const char *text);
char *text_part(const char *text, size_t len);
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Memory, all zero. */
void *text_zeroed(size_t size);

#endif
