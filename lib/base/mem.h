/* Memory that is always there: an allocation that fails ends the process with a reason on stderr.
 * What must survive lives in NVRAM files that are replaced whole, so the end is a clean one, and
 * systemd starts the daemon again. Buffers whose size the line or the network decides are bounded
 * by their owner, never by these functions. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* size bytes, zeroed; size 0 gives a pointer that can be freed. The caller frees with free(). */
void *mem_zeroed(size_t size);

/* As realloc(), never NULL. */
void *mem_resize(void *old, size_t size);

/* A copy of len bytes with a NUL behind them. bytes may be NULL when len is 0. */
char *mem_copy(const void *bytes, size_t len);

/* A copy of a string; NULL stays NULL. */
char *mem_string(const char *text);

/* printf into fresh memory. */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Overwrites len bytes with zeros in a way the compiler keeps, for secrets. bytes may be NULL. */
void mem_wipe(void *bytes, size_t len);

#endif
