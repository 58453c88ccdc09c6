/* A new setting of the serial line that waits until the answer which agrees to it has left. */
#ifndef DIALECT_LINE_LATER_H
#define DIALECT_LINE_LATER_H

#include <ev.h>

#include "port/port.h"

struct dialect_env;

/* A member of the dialect's instance. */
struct line_later {
    const struct dialect_env *env;
    struct port_line line;
    ev_timer timer;
};

/* env outlives it. */
void line_later_init(struct line_later *later, const struct dialect_env *env);
void line_later_end(struct line_later *later);

/* From a handler, or right before at_finish(). */
void line_later_set(struct line_later *later, const struct port_line *line);
/* The present setting with another speed. */
void line_later_set_baud(struct line_later *later, int baud);

#endif
