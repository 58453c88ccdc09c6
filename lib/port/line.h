/* The line of a UART: speed and format, and how the kernel is told. Private to lib/port. */
#ifndef PORT_LINE_H
#define PORT_LINE_H

#include <stdbool.h>

#include "port/port.h"

enum { LINE_BAUD_MIN = 300, LINE_BAUD_MAX = 4000000 };

/* "8N1" and the like; small letters are fine. False, and nothing changed, if it is not one. */
bool line_parse_format(const char *text, struct port_line *line);

/* The settings have been checked. */
void line_from_settings(struct port_line *line, const struct port_settings *settings);

/* How many bit times one byte takes, start and stop bits included. */
int line_bits(const struct port_line *line);

/* Seconds that one byte takes. */
double line_byte_time(const struct port_line *line);

/* The c_cflag bits of format and flow control. */
unsigned line_flags(const struct port_line *line);

/* Makes a terminal raw, with this speed and format. False with errno set. */
bool line_apply(int fd, const struct port_line *line);

/* The speed alone; any number will do. False with errno set. */
bool line_set_speed(int fd, int baud);

/* What the kernel says the speed is: that of the hardware where its driver tells; 0 if unknown. */
int line_speed(int fd);

#endif
