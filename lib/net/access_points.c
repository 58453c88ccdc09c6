#include "net/access_points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/mac.h"
#include "settings/ini.h"
#include "settings/settings.h"

/* A section as it is written. */
struct written {
    const char *ssid;
    const char *psk;
    const char *bssid;
    int rssi;
    int channel;
    int security; /* enum wifi_security, one up; 0: by the psk */
    int join_ms;
    const char *ip;
    bool hidden;
};

static bool check_ip(const char *value, char *why, size_t why_size)
{
    return !*value || network_check_ip(value, why, why_size);
}

/* Behind "auto" in the order of enum wifi_security. */
static const char *const securities[] = {
    "auto", "open", "wep", "wpa", "wpa2", "wpa-wpa2", "wpa2-enterprise", "wpa3", "wpa2-wpa3", NULL};

static const struct setting rows[] = {
    {.key = "ssid",
     .type = SETTING_TEXT,
     .offset = offsetof(struct written, ssid),
     .max = WIFI_SSID_MAX,
     .initial = "",
     .help = "name of the network"},
    {.key = "psk",
     .type = SETTING_TEXT,
     .offset = offsetof(struct written, psk),
     .max = WIFI_PSK_MAX,
     .initial = "",
     .help = "pass phrase; empty: an open network",
     .secret = true},
    {.key = "bssid",
     .type = SETTING_TEXT,
     .offset = offsetof(struct written, bssid),
     .initial = "",
     .check = mac_check,
     .help = "MAC address; empty: made from the section's name"},
    {.key = "rssi",
     .type = SETTING_INT,
     .offset = offsetof(struct written, rssi),
     .min = -140,
     .max = 0,
     .initial = "0",
     .help = "signal in dBm; 0: network.rssi"},
    {.key = "channel",
     .type = SETTING_INT,
     .offset = offsetof(struct written, channel),
     .min = 1,
     .max = 233,
     .initial = "6",
     .help = "channel"},
    {.key = "security",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct written, security),
     .choices = securities,
     .initial = "auto",
     .help = "auto: wpa2, without a psk open"},
    {.key = "join_ms",
     .type = SETTING_INT,
     .offset = offsetof(struct written, join_ms),
     .max = 600000,
     .initial = "200",
     .help = "how long a join takes, in ms"},
    {.key = "ip",
     .type = SETTING_TEXT,
     .offset = offsetof(struct written, ip),
     .initial = "",
     .check = check_ip,
     .help = "address that it gives; empty: network.ip"},
    {.key = "hidden",
     .type = SETTING_BOOL,
     .offset = offsetof(struct written, hidden),
     .initial = "0",
     .help = "a scan shows it without its name"},
};

static const struct settings_group group = {
    .section = "access point",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .size = sizeof(struct written),
};
static const struct settings_group *const groups[] = {&group};

struct section {
    char *name;
    int line; /* of its first key */
    struct settings *values;
};

struct file {
    const char *path;
    struct section sections[ACCESS_POINTS_MAX];
    size_t count;
};

static struct section *section_named(struct file *file, const char *name, int line)
{
    for (size_t i = 0; i < file->count; i++) {
        if (strcmp(file->sections[i].name, name) == 0) {
            return &file->sections[i];
        }
    }
    if (file->count == ACCESS_POINTS_MAX) {
        return NULL;
    }
    struct section *section = &file->sections[file->count++];
    section->name = mem_string(name);
    section->line = line;
    section->values = settings_create(groups, 1);
    return section;
}

static bool take_key(void *ctx, const char *name, const char *key, const char *value, int line,
                     char **error)
{
    struct file *file = ctx;
    struct section *section = section_named(file, name, line);
    if (!section) {
        *error =
            mem_printf("%s:%d: more than %d access points", file->path, line, ACCESS_POINTS_MAX);
        return false;
    }
    char *origin = mem_printf("%s:%d", file->path, line);
    bool ok = settings_set(section->values, group.section, key, value, origin, error);
    free(origin);
    return ok;
}

/* What no key alone can say; NULL: all is well. */
static const char *fault_of(const struct written *written)
{
    bool open = written->security == WIFI_OPEN + 1;
    if (!*written->ssid) {
        return "the ssid is missing";
    }
    if (open && *written->psk) {
        return "an open network has no psk";
    }
    if (!open && written->security != 0 && !*written->psk) {
        return "the psk is missing";
    }
    return NULL;
}

static void fill(struct access_point *point, const char *name, const struct written *written,
                 const struct network_settings *settings)
{
    enum wifi_security usual = *written->psk ? WIFI_WPA2 : WIFI_OPEN;
    struct wifi_ap *air = &point->air;
    snprintf(air->ssid, sizeof air->ssid, "%s", written->ssid);
    if (*written->bssid) {
        mac_copy(written->bssid, air->bssid);
    } else {
        mac_make(name, air->bssid);
    }
    air->rssi = written->rssi ? written->rssi : settings->rssi;
    air->channel = written->channel;
    air->security = written->security ? (enum wifi_security)(written->security - 1) : usual;
    snprintf(point->psk, sizeof point->psk, "%s", written->psk);
    snprintf(point->ip, sizeof point->ip, "%s", *written->ip ? written->ip : settings->ip);
    point->join_ms = written->join_ms;
    point->hidden = written->hidden;
}

static bool take_sections(const struct file *file, const struct network_settings *settings,
                          struct access_points *points, char **error)
{
    points->rows = mem_zeroed(file->count * sizeof *points->rows);
    for (size_t i = 0; i < file->count; i++) {
        const struct section *section = &file->sections[i];
        const struct written *written = settings_of(section->values, &group);
        const char *fault = fault_of(written);
        if (fault) {
            *error = mem_printf("%s:%d: [%s]: %s", file->path, section->line, section->name, fault);
            return false;
        }
        fill(&points->rows[points->count++], section->name, written, settings);
    }
    return true;
}

static bool load_file(const struct network_settings *settings, struct access_points *points,
                      char **error)
{
    struct file *file = mem_zeroed(sizeof *file);
    file->path = settings->access_points;
    bool ok =
        ini_read(file->path, take_key, file, error) && take_sections(file, settings, points, error);
    for (size_t i = 0; i < file->count; i++) {
        free(file->sections[i].name);
        settings_destroy(file->sections[i].values);
    }
    free(file);
    return ok;
}

static void only_one(const struct network_settings *settings, struct access_points *points)
{
    static const struct written any = {.ssid = "",
                                       .psk = "",
                                       .bssid = "",
                                       .channel = 6,
                                       .ip = "",
                                       .join_ms = ACCESS_POINT_JOIN_MS};
    points->rows = mem_zeroed(sizeof *points->rows);
    points->count = 1;
    fill(points->rows, "any", &any, settings);
    points->rows->air.security = WIFI_WPA2;
}

bool access_points_load(const struct network_settings *settings, struct access_points *points,
                        char **error)
{
    *points = (struct access_points){0};
    if (*settings->access_points) {
        if (!load_file(settings, points, error)) {
            access_points_free(points);
            return false;
        }
    } else if (settings->rssi != 0) {
        only_one(settings, points);
    }
    return true;
}

void access_points_free(struct access_points *points)
{
    mem_wipe(points->rows, points->count * sizeof *points->rows);
    free(points->rows);
    *points = (struct access_points){0};
}

const struct access_point *access_points_find(const struct access_points *points, const char *ssid)
{
    const struct access_point *best = NULL;
    for (size_t i = 0; i < points->count; i++) {
        const struct access_point *point = &points->rows[i];
        bool fits = !*point->air.ssid || strcmp(point->air.ssid, ssid) == 0;
        if (fits && (!best || point->air.rssi > best->air.rssi)) {
            best = point;
        }
    }
    return best;
}
