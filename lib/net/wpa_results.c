#include "net/wpa_results.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/mac.h"

enum { FIELD_MAX = 255 };

/* ---- the parts of a line ---- */

/* Takes up to the next tab from *at into room; false: there is none, or it is too long. */
static bool next_field(const char **at, const char *end, char room[FIELD_MAX + 1])
{
    const char *tab = memchr(*at, '\t', (size_t)(end - *at));
    if (!tab || tab - *at > FIELD_MAX) {
        return false;
    }
    size_t len = (size_t)(tab - *at);
    memcpy(room, *at, len);
    room[len] = '\0';
    *at = tab + 1;
    return true;
}

static bool take_number(const char *field, long *number)
{
    char *end;
    *number = strtol(field, &end, 10);
    return end != field && !*end;
}

static int channel_of(long mhz)
{
    if (mhz == 2484) {
        return 14;
    }
    if (mhz >= 2412 && mhz <= 2472) {
        return (int)(mhz - 2407) / 5;
    }
    if (mhz >= 5005 && mhz <= 5895) {
        return (int)(mhz - 5000) / 5;
    }
    return mhz >= 5955 && mhz <= 7115 ? (int)(mhz - 5950) / 5 : 0;
}

/* Old drivers give the dBm as an unsigned byte. */
static int rssi_of(long level)
{
    long dbm = level >= 128 && level <= 255 ? level - 256 : level;
    return dbm >= 0 ? -1 : dbm < -140 ? -140 : (int)dbm;
}

/* "[WPA-PSK-CCMP][WPA2-PSK+SAE-CCMP][WPS][ESS]" */
static enum wifi_security security_of(const char *flags)
{
    bool first = strstr(flags, "[WPA-") != NULL;
    bool second = strstr(flags, "[WPA2-") || strstr(flags, "[RSN-");
    bool psk = strstr(flags, "PSK") != NULL;
    if (strstr(flags, "EAP")) {
        return WIFI_WPA2_ENTERPRISE;
    }
    if (second && strstr(flags, "SAE")) {
        return psk ? WIFI_WPA2_WPA3 : WIFI_WPA3;
    }
    if (first && psk) {
        return second ? WIFI_WPA_WPA2 : WIFI_WPA;
    }
    if (second && psk) {
        return WIFI_WPA2;
    }
    return strstr(flags, "[WEP]") ? WIFI_WEP : WIFI_OPEN;
}

/* ---- the name ---- */

static int digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* One byte of the name, which may be escaped; -1: nonsense. */
static int next_byte(const char **at, const char *end)
{
    char c = *(*at)++;
    if (c != '\\') {
        return (unsigned char)c;
    }
    if (*at == end) {
        return -1;
    }
    switch (c = *(*at)++) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'e':
        return 0x1b;
    case '"':
    case '\\':
        return c;
    case 'x':
        if (end - *at >= 2 && isxdigit((unsigned char)(*at)[0]) &&
            isxdigit((unsigned char)(*at)[1])) {
            int byte = digit((*at)[0]) * 16 + digit((*at)[1]);
            *at += 2;
            return byte;
        }
        return -1;
    default:
        return -1;
    }
}

/* A name with a NUL in it (all NUL: a way of hiding it) counts as hidden. */
static bool take_name(const char *at, const char *end, char name[WIFI_SSID_MAX + 1])
{
    bool hidden = false;
    size_t len = 0;
    while (at < end) {
        int byte = next_byte(&at, end);
        if (byte < 0 || len == WIFI_SSID_MAX) {
            return false;
        }
        hidden = hidden || byte == 0;
        name[len++] = (char)byte;
    }
    name[hidden ? 0 : len] = '\0';
    return true;
}

/* ---- the interface ---- */

bool wpa_results_line(const char *line, size_t len, struct wifi_ap *ap)
{
    const char *end = line + len;
    char bssid[FIELD_MAX + 1];
    char frequency[FIELD_MAX + 1];
    char level[FIELD_MAX + 1];
    char flags[FIELD_MAX + 1];
    long mhz;
    long dbm;
    char why[64];
    if (!next_field(&line, end, bssid) || !next_field(&line, end, frequency) ||
        !next_field(&line, end, level) || !next_field(&line, end, flags) || !*bssid ||
        !mac_check(bssid, why, sizeof why) || !take_number(frequency, &mhz) ||
        !take_number(level, &dbm)) {
        return false;
    }
    *ap = (struct wifi_ap){
        .rssi = rssi_of(dbm), .channel = channel_of(mhz), .security = security_of(flags)};
    mac_copy(bssid, ap->bssid);
    return take_name(line, end, ap->ssid);
}

size_t wpa_results(const char *text, struct wifi_ap *aps, size_t room)
{
    size_t count = 0;
    while (*text && count < room) {
        size_t len = strcspn(text, "\n");
        count += wpa_results_line(text, len, &aps[count]);
        text += len + (text[len] != '\0');
    }
    return count;
}
