/* MAC addresses as text. */
#ifndef NET_MAC_H
#define NET_MAC_H

#include <stdbool.h>
#include <stddef.h>

enum { MAC_LEN = 6, MAC_TEXT = 18 };

/* As struct setting's check(): "XX:XX:XX:XX:XX:XX" in either case, or empty. */
bool mac_check(const char *value, char *why, size_t why_size);

/* In upper case; value must have passed mac_check(). */
void mac_copy(const char *value, char text[MAC_TEXT]);

/* "B8:4D:43:35:A6:06", upper case. */
void mac_print(const unsigned char bytes[MAC_LEN], char text[MAC_TEXT]);

/* An address that follows from names: the same names give the same one, others another. It is
 * locally administered (IEEE 802-2014, 8.4), so it is nobody's. */
void mac_make(const char *names, char text[MAC_TEXT]);

#endif
