/* The stable name of a device: a symbolic link. Private to lib/port. */
#ifndef PORT_LINK_H
#define PORT_LINK_H

#include <stdbool.h>

struct log;

/* Makes link point to target, at once and without a moment in which there is no link. A symbolic
 * link that is there is replaced; anything else is left alone: false with the reason in the log. */
bool link_publish(const char *link, const char *target, struct log *log);

/* Removes the link if it still points to target. */
void link_remove(const char *link, const char *target);

#endif
