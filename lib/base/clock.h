/* A clock that never jumps, not even when a gateway without a battery learns the time (ev_now()
 * does). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since some fixed moment. */
int64_t clock_ms(void);

/* The same in seconds. */
double clock_seconds(void);

#endif
