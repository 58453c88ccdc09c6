/* `network.redirect`: names or addresses that any service reaches elsewhere, so that unchanged
 * firmware talks to a test bench. `PATTERN=HOST[:PORT], ...`; PATTERN is a shell pattern (fnmatch)
 * over the host as written, without regard to case; the first match wins; HOST may be [IPv6]. */
#ifndef NET_REDIRECT_H
#define NET_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>

struct redirect;

/* As struct setting's check(). */
bool redirect_check(const char *value, char *why, size_t why_size);

/* value must have passed redirect_check(). */
struct redirect *redirect_create(const char *value);
void redirect_destroy(struct redirect *redirect);

/* Where to go for host and port: host itself, or the target of the first rule that matches (valid
 * as long as the redirect). *port changes only if that rule names one. redirect may be NULL. */
const char *redirect_apply(const struct redirect *redirect, const char *host, int *port);

#endif
