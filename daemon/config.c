#include "daemon/config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/options.h"
#include "daemon/places.h"
#include "dialect/dialect.h"
#include "modem/modem.h"
#include "port/port.h"
#include "settings/ini.h"
#include "settings/settings.h"

static const char default_config[] = "/etc/atmodemd/atmodemd.conf";

/* In the order of enum log_level. */
static const char *const levels[] = {"error", "warning", "info",  "state", "request",
                                     "line",  "library", "bytes", NULL};

static const struct setting daemon_rows[] = {
    {.key = "modems_dir",
     .type = SETTING_TEXT,
     .offset = offsetof(struct daemon_settings, modems_dir),
     .initial = "",
     .help = "folder with one file for each modem; empty: modems.d beside the configuration file"},
    {.key = "log_level",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct daemon_settings, log_level),
     .choices = levels,
     .initial = "info",
     .help = "detail of the log"},
    {.key = "control_group",
     .type = SETTING_TEXT,
     .offset = offsetof(struct daemon_settings, control_group),
     .max = 64,
     .initial = "",
     .help = "group whose members may use the control socket; empty: the daemon's user and root"},
};

const struct settings_group daemon_settings_group = {
    .section = "daemon",
    .rows = daemon_rows,
    .count = sizeof daemon_rows / sizeof *daemon_rows,
    .size = sizeof(struct daemon_settings),
};

/* ---- one modem ---- */

/* What must be known before the other settings can be given their defaults. */
struct heading {
    char *dialect;
    char *profile;
};

static void head(struct heading *heading, const char *section, const char *key, const char *value)
{
    if (strcasecmp(section, "modem") != 0) {
        return;
    }
    char **field = strcasecmp(key, "dialect") == 0   ? &heading->dialect
                   : strcasecmp(key, "profile") == 0 ? &heading->profile
                                                     : NULL;
    if (field) {
        free(*field);
        *field = mem_string(value);
    }
}

static bool head_entry(void *ctx, const char *section, const char *key, const char *value, int line,
                       char **error)
{
    (void)line;
    (void)error;
    head(ctx, section, key, value);
    return true;
}

static void head_pair(struct heading *heading, const char *pair)
{
    static const char dialect[] = "modem.dialect=";
    static const char profile[] = "modem.profile=";
    if (strncasecmp(pair, dialect, sizeof dialect - 1) == 0) {
        head(heading, "modem", "dialect", pair + sizeof dialect - 1);
    } else if (strncasecmp(pair, profile, sizeof profile - 1) == 0) {
        head(heading, "modem", "profile", pair + sizeof profile - 1);
    }
}

static bool good_name(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    size_t len = strlen(name);
    return len > 0 && len <= 64 && name[0] != '.' && strspn(name, letters) == len;
}

static bool load_profile(struct settings *settings, const char *name, const char *origin,
                         char **error)
{
    char *path = good_name(name) ? places_profile(name) : NULL;
    if (!path) {
        *error = mem_printf("%s: modem.profile: there is no profile %s", origin, name);
        return false;
    }
    bool ok = settings_load(settings, path, error);
    free(path);
    return ok;
}

/* The options' own words for settings; NULL values were not given. */
struct given {
    const char *option, *section, *key, *value;
};

static bool apply_options(struct settings *settings, const struct options *options, char **error)
{
    const struct given given[] = {
        {"--dialect", "modem", "dialect", options->dialect},
        {"--port", "port", "path", options->port},
        {"--link", "port", "link", options->link},
    };
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (given[i].value && !settings_set(settings, given[i].section, given[i].key,
                                            given[i].value, given[i].option, error)) {
            return false;
        }
    }
    for (size_t i = 0; i < options->set_count; i++) {
        if (!settings_set_pair(settings, options->sets[i], "--set", error)) {
            return false;
        }
    }
    return true;
}

/* default < dialect < profile < file < options. file or options is NULL. NULL: *error says why. */
static struct settings *read_settings(const char *file, const struct options *options,
                                      const struct dialect **found, char **error)
{
    const char *origin = file ? file : "--set";
    struct heading heading = {0};
    struct settings *settings = NULL;
    bool ok = true;
    if (file) {
        ok = ini_read(file, head_entry, &heading, error);
    } else if (options) {
        heading.dialect = mem_string(options->dialect);
        for (size_t i = 0; i < options->set_count; i++) {
            head_pair(&heading, options->sets[i]);
        }
    }
    const char *id = heading.dialect ? heading.dialect : "ica";
    const struct dialect *dialect = dialect_find(id);
    if (ok && !dialect) {
        *error = mem_printf("%s: modem.dialect: there is no dialect %s; see --list-dialects",
                            file ? file : "--dialect", id);
        ok = false;
    }
    if (ok) {
        settings = modem_settings_create(dialect);
        if (heading.profile && *heading.profile) {
            ok = load_profile(settings, heading.profile, origin, error);
        }
        ok = ok && (!file || settings_load(settings, file, error));
        ok = ok && (!options || apply_options(settings, options, error));
    }
    if (!ok) {
        settings_destroy(settings);
        settings = NULL;
    }
    *found = dialect;
    free(heading.dialect);
    free(heading.profile);
    return settings;
}

static bool add_plan(struct config *config, struct plan plan, const char *origin, char **error)
{
    bool taken = false;
    for (size_t i = 0; i < config->count; i++) {
        taken = taken || strcmp(config->plans[i].name, plan.name) == 0;
    }
    if (taken) {
        *error = mem_printf("%s: there is another modem with the name %s", origin, plan.name);
    }
    config->plans = mem_resize(config->plans, (config->count + 1) * sizeof *config->plans);
    config->plans[config->count++] = plan;
    return !taken;
}

/* A modem, or a fleet of them. */
static bool add_plans(struct config *config, const char *name, const char *file,
                      const struct options *options, char **error)
{
    const char *origin = file ? file : "--name";
    const struct dialect *dialect = NULL;
    if (!good_name(name)) {
        *error = mem_printf("%s: %s: not a modem's name (letters, digits, _ - .)", origin, name);
        return false;
    }
    struct settings *settings = read_settings(file, options, &dialect, error);
    if (!settings) {
        return false;
    }
    const struct modem_settings *modem = settings_of(settings, &modem_settings_group);
    const struct port_settings *port = settings_of(settings, &port_settings_group);
    int count = modem->count;
    /* Not a modem's own: a fleet that grows must not change the modems that it has. */
    bool ok = settings_set(settings, "modem", "count", "1", origin, error);
    for (int i = 0; ok && i < count; i++) {
        char suffix[16] = "";
        if (count > 1) {
            snprintf(suffix, sizeof suffix, "-%d", i);
        }
        ok = add_plan(config,
                      (struct plan){
                          .name = mem_printf("%s%s", name, suffix),
                          .link = *port->link ? mem_printf("%s%s", port->link, suffix) : NULL,
                          .dialect = dialect,
                          .settings = settings_share(settings),
                      },
                      origin, error);
    }
    settings_destroy(settings);
    return ok;
}

/* ---- the folder of modems ---- */

static bool has_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    size_t tail = strlen(suffix);
    return len > tail && strcmp(name + len - tail, suffix) == 0;
}

/* Not what editors and package tools leave beside a file. */
static int is_modem_file(const struct dirent *entry)
{
    const char *name = entry->d_name;
    return name[0] != '.' && !has_suffix(name, "~") && !has_suffix(name, ".bak") &&
           !strstr(name, ".dpkg-");
}

static bool read_folder(struct config *config, const char *folder, char **error)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_modem_file, alphasort);
    if (count < 0) {
        *error = mem_printf("%s: %s", folder, strerror(errno));
        return false;
    }
    bool ok = true;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        size_t len = strlen(name);
        if (has_suffix(name, ".ini")) {
            len -= 4;
        } else if (has_suffix(name, ".conf")) {
            len -= 5;
        }
        char *path = mem_printf("%s/%s", folder, name);
        char *modem = mem_copy(name, len);
        ok = ok && add_plans(config, modem, path, NULL, error);
        free(modem);
        free(path);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

static char *modems_dir(const char *file, const struct daemon_settings *settings)
{
    if (*settings->modems_dir) {
        return mem_string(settings->modems_dir);
    }
    const char *slash = strrchr(file, '/');
    return mem_printf("%.*smodems.d", slash ? (int)(slash - file + 1) : 0, file);
}

/* ---- all ---- */

static enum log_level adjusted(int level, int verbosity)
{
    if (verbosity < 0) {
        return LEVEL_WARNING;
    }
    return verbosity == 0 ? (enum log_level)level : verbosity == 1 ? LEVEL_LINE : LEVEL_BYTES;
}

bool config_read(const struct options *options, struct config *config, char **error)
{
    *config = (struct config){0};
    const struct settings_group *const groups[] = {&daemon_settings_group};
    struct settings *settings = settings_create(groups, 1);
    const struct daemon_settings *daemon = settings_of(settings, &daemon_settings_group);
    const char *file = options->config ? options->config : options->modem ? NULL : default_config;
    bool ok = !file || settings_load(settings, file, error);
    if (ok && options->modem) {
        ok = add_plans(config, options->name, NULL, options, error);
    } else if (ok) {
        char *folder = modems_dir(file, daemon);
        ok = read_folder(config, folder, error);
        free(folder);
    }
    config->control_group = mem_string(daemon->control_group);
    config->level = adjusted(daemon->log_level, options->verbosity);
    settings_destroy(settings);
    if (!ok) {
        config_free(config);
    }
    return ok;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < config->count; i++) {
        plan_free(&config->plans[i]);
    }
    free(config->plans);
    free(config->control_group);
    *config = (struct config){0};
}

void plan_free(struct plan *plan)
{
    free(plan->name);
    free(plan->link);
    settings_destroy(plan->settings);
    *plan = (struct plan){0};
}
