/* One modem: joins port, interpreter, dialect, services and NVRAM. */
#ifndef MODEM_MODEM_H
#define MODEM_MODEM_H

#include <stdbool.h>
#include <stddef.h>

#include "at/at.h"
#include "base/log.h"

struct dialect;
struct dialect_wifi;
struct ev_loop;
struct gpio;
struct modem;
struct network;
struct nvram_writer;
struct port_watch;
struct resolver;
struct settings;
struct settings_group;

/* What all modems of a daemon share. */
struct modem_host {
    struct ev_loop *loop;
    struct resolver *resolver;
    struct nvram_writer *writer;
    struct port_watch *watch;
    struct log_sink sink;
    enum log_level level;
};

struct modem_config {
    const char *name;
    const struct dialect *dialect;
    const struct settings *settings;
    const char *link;   /* path of the PTY's symbolic link */
    const char *nvram;  /* path of the NVRAM file */
    const char *folder; /* the state folder */
};

/* Powers a modem on. host, and config's dialect and settings, outlive it; strings are copied. NULL
 * with the reason in the log. */
struct modem *modem_create(const struct modem_host *host, const struct modem_config *config);

/* ---- looking at it, and a console ---- */

struct modem_status {
    const char *dialect;
    const char *connection; /* in a word */
    bool host;              /* one is there */
    bool powered;
    size_t waiting; /* bytes for the host */
    const struct service_counters *services;
    struct at_counters counters;
};
struct modem_status modem_status(const struct modem *modem);

const char *modem_name(const struct modem *modem);

/* Its Wi-Fi, for looking and for changing; good until the loop runs. False: it is no Wi-Fi module.
 */
bool modem_wifi(const struct modem *modem, struct dialect_wifi *wifi);

/* The simulated cellular network that it is in, for looking and for changing. NULL: it is no
 * cellular module. */
struct network *modem_network(const struct modem *modem);

/* Its general purpose lines. NULL: it has none. */
struct gpio *modem_gpio(const struct modem *modem);

/* As at_console_line(), but the number is one that no other line of any modem has had; 0 as well
 * while it is off. */
uint64_t modem_console_line(struct modem *modem, const char *line, size_t len);

/* An unsolicited result in the host's direction, as if the module had made it: a line of printable
 * bytes. False while it is off. */
bool modem_urc(struct modem *modem, const char *line, size_t len);

/* Takes its power away, or gives it back: off, its connections are cut without a word, it hears
 * nothing and says nothing; on, it boots. What its port is, and the network around it, stay. */
void modem_power(struct modem *modem, bool on);

/* Hears of its lines. Members may be NULL. */
struct modem_watcher {
    /* What passes between host and module, secrets masked, as at_config.trace. */
    void (*line)(void *ctx, const struct modem *modem, enum at_trace what, const char *text,
                 size_t len);
    /* As at_config.console_done. */
    void (*console_done)(void *ctx, bool ok, uint64_t first, uint64_t last);
};
/* watcher outlives the modem; lines says whether line() is wanted now, for it costs time. */
void modem_set_watcher(struct modem *modem, const struct modem_watcher *watcher, void *ctx,
                       bool lines);

/* Gets what goes out to the host, as at_config.tap. */
typedef void (*modem_tap)(void *ctx, const struct modem *modem, const char *bytes, size_t len);
/* NULL: nobody any more. */
void modem_set_tap(struct modem *modem, modem_tap callee, void *ctx);

/* Changes what its log lets through. */
void modem_set_log_level(struct modem *modem, enum log_level level);

/* Closes its connections properly, removes the link. NULL is fine. */
void modem_destroy(struct modem *modem);

/* ---- settings ---- */

/* Section `[modem]`. */
struct modem_settings {
    const char *dialect;
    const char *profile; /* empty: none */
    int count;           /* a fleet of equal modems, NAME-0, NAME-1 ... */
};
extern const struct settings_group modem_settings_group;

/* Section `[port]`, of it what concerns the line's conduct. */
struct line_settings {
    bool echo;
    int backlog;
};
extern const struct settings_group line_settings_group;

/* The groups of every setting that a modem knows, those of all dialects included. Returns how many
 * there are; puts at most MODEM_GROUPS_MAX into groups. */
enum { MODEM_GROUPS_MAX = 32 };
size_t modem_settings_groups(const struct settings_group *groups[MODEM_GROUPS_MAX]);

/* Fresh settings with the defaults of a dialect. */
struct settings *modem_settings_create(const struct dialect *dialect);

#endif
