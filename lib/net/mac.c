#include "net/mac.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

bool mac_check(const char *value, char *why, size_t why_size)
{
    size_t len = strlen(value);
    bool good = len == 0 || len == MAC_TEXT - 1;
    for (size_t i = 0; good && i < len; i++) {
        good = i % 3 == 2 ? value[i] == ':' : isxdigit((unsigned char)value[i]) != 0;
    }
    if (!good) {
        snprintf(why, why_size, "must be six hexadecimal pairs, XX:XX:XX:XX:XX:XX");
    }
    return good;
}

void mac_copy(const char *value, char text[MAC_TEXT])
{
    size_t i = 0;
    for (; i < MAC_TEXT - 1 && value[i]; i++) {
        text[i] = (char)toupper((unsigned char)value[i]);
    }
    text[i] = '\0';
}

void mac_print(const unsigned char bytes[MAC_LEN], char text[MAC_TEXT])
{
    snprintf(text, MAC_TEXT, "%02X:%02X:%02X:%02X:%02X:%02X", bytes[0], bytes[1], bytes[2],
             bytes[3], bytes[4], bytes[5]);
}

void mac_make(const char *names, char text[MAC_TEXT])
{
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    EVP_Digest(names, strlen(names), digest, NULL, EVP_sha256(), NULL);
    digest[0] = (unsigned char)((digest[0] & 0xfcU) | 0x02U);
    mac_print(digest, text);
}
