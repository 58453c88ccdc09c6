/* The modems that run. */
#ifndef DAEMON_FLEET_H
#define DAEMON_FLEET_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct dialect;
struct fleet;
struct log;
struct modem;
struct modem_host;
struct places;

/* All of them outlive the fleet. */
struct fleet *fleet_create(const struct modem_host *host, const struct places *places,
                           struct log *log);
/* Powers all modems off. */
void fleet_destroy(struct fleet *fleet);

/* Makes the fleet what the config says: modems that are not in it any more are powered off, changed
 * ones are built anew, new ones powered on; the others notice nothing. Takes what it keeps out of
 * the config. False if a modem could not be powered on (the reason is in the log); the others run.
 */
bool fleet_apply(struct fleet *fleet, struct config *config);

size_t fleet_count(const struct fleet *fleet);

struct fleet_entry {
    const char *name;
    char *port; /* a PTY's link, else the setting; the caller frees it */
    const struct dialect *dialect;
    struct modem *modem; /* NULL: it could not be powered on */
};
/* The modem at a place, from 0 on. */
struct fleet_entry fleet_entry(const struct fleet *fleet, size_t index);
/* NULL: there is none of that name, or it could not be powered on. */
struct modem *fleet_find(const struct fleet *fleet, const char *name);

#endif
