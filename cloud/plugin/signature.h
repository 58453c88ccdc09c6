/* HMAC signatures in hexadecimal digits. */
#ifndef CLOUD_PLUGIN_SIGNATURE_H
#define CLOUD_PLUGIN_SIGNATURE_H

#include <stdbool.h>

enum { SIGNATURE_SIZE = 2 * 32 + 1 };

/* hmacmd5, hmacsha1 or hmacsha256. */
bool signature_method_known(const char *method);
/* In small letters. False: OpenSSL fails, or the method is unknown. */
bool signature_make(const char *method, const char *key, const char *content,
                    char hex[SIGNATURE_SIZE]);
/* Letters may be small or capital. */
bool signature_matches(const char *method, const char *key, const char *content, const char *given);

#endif
