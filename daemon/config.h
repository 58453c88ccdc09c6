/* From options and files to what is to run: daemon settings and one plan for each modem. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

struct dialect;
struct options;
struct settings;
struct settings_group;

/* Section `[daemon]`. */
struct daemon_settings {
    const char *modems_dir; /* empty: modems.d beside the file */
    int log_level;          /* enum log_level */
    const char *control_group;
};
extern const struct settings_group daemon_settings_group;

/* One modem to be. */
struct plan {
    char *name;
    char *link; /* as the settings say; NULL: in the runtime folder, by its name */
    const struct dialect *dialect;
    struct settings *settings; /* shared by a fleet */
};

struct config {
    enum log_level level;
    char *control_group; /* "": none */
    struct plan *plans;
    size_t count;
};

/* Reads what the options name. False: *error is one line that names file, line, section and key, to
 * be freed by the caller; the config is empty then. */
bool config_read(const struct options *options, struct config *config, char **error);
void config_free(struct config *config);

/* Frees what a plan holds; it may be all zero. */
void plan_free(struct plan *plan);

#endif
