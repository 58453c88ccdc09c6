/* Files that a person edits, or that a disk has damaged. */
#include <string.h>

#include "base/mem.h"
#include "dialect/dialect.h"
#include "modem/modem.h"
#include "net/access_points.h"
#include "net/network.h"
#include "nvram/nvram_file.h"
#include "settings/settings.h"
#include "tests/fuzz/fuzz.h"

/* What is loaded is what a save of it brings back. */
void fuzz_nvram(const uint8_t *bytes, size_t len)
{
    struct nvram_values values, again;
    char *why = NULL;
    const char *path = fuzz_file(bytes, len);
    enum nvram_loaded loaded = nvram_file_load(path, &values, &why);
    FUZZ_HOLDS(loaded == NVRAM_LOADED || (loaded == NVRAM_DAMAGED && why));
    free(why);
    if (loaded == NVRAM_LOADED) {
        FUZZ_HOLDS(nvram_file_save(path, &values));
        FUZZ_HOLDS(nvram_file_load(path, &again, &why) == NVRAM_LOADED);
        FUZZ_HOLDS(nvram_values_same(&values, &again));
        nvram_values_free(&again);
    }
    nvram_values_free(&values);
}

/* The first byte is the dialect, the rest a modem's file. */
void fuzz_settings(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    struct settings *settings = modem_settings_create(fuzz_dialect(&input));
    char *error = NULL;
    if (!settings_load(settings, fuzz_file(input.bytes, input.len), &error)) {
        FUZZ_HOLDS(error && *error);
    }
    free(error);
    settings_destroy(settings);
}

void fuzz_access_points(const uint8_t *bytes, size_t len)
{
    struct network_settings settings = {
        .access_points = fuzz_file(bytes, len), .ip = "192.0.2.1", .rssi = -60};
    struct access_points points;
    char *error = NULL;
    bool good = access_points_load(&settings, &points, &error);
    FUZZ_HOLDS(good || (error && *error && !points.count));
    FUZZ_HOLDS(points.count <= ACCESS_POINTS_MAX);
    for (size_t i = 0; i < points.count; i++) {
        FUZZ_HOLDS(*points.rows[i].air.ssid);
        FUZZ_HOLDS(points.rows[i].air.channel >= 1 && points.rows[i].air.channel <= 233);
        FUZZ_HOLDS(access_points_find(&points, points.rows[i].air.ssid));
    }
    free(error);
    access_points_free(&points);
}
