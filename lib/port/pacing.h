/* Holds a port to the speed of a line (port.pace), both directions. Private to lib/port. */
#ifndef PORT_PACING_H
#define PORT_PACING_H

#include <stddef.h>

struct pacing;
struct port;

struct pacing *pacing_create(struct port *port);
/* NULL is fine. */
void pacing_destroy(struct pacing *pacing);

/* The host has come or gone: nothing is under way. */
void pacing_reset(struct pacing *pacing);

/* How much may be read now; room is what the owner has room for. When it is 0 for the speed's sake,
 * input is held until more has been carried. */
size_t pacing_input(struct pacing *pacing, size_t room);
void pacing_was_read(struct pacing *pacing, size_t count);

/* How many of len bytes may be written now; then, how many of the allowed ones the kernel took. If
 * it took them all and more are left, output is held until more has been carried. */
size_t pacing_output(struct pacing *pacing, size_t len);
void pacing_was_written(struct pacing *pacing, size_t count, size_t allowed, size_t len);

#endif
