/* A console on a modem: line editing on a terminal, plain lines otherwise. */
#ifndef CTL_CONSOLE_H
#define CTL_CONSOLE_H

#include <stdbool.h>

struct client;

/* Until the end of input. modem NULL: the only one. False: it could not, or the daemon has gone. */
bool console_run(struct client *client, const char *modem);

#endif
