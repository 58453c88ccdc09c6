#include "net/network.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/netlink.h"
#include "net/redirect.h"
#include "settings/settings.h"

struct network {
    const struct network_settings *settings;
    struct network_listener *listeners;
    struct network_listener *telling; /* whose turn is next, while they are told */
    struct netlink *netlink;          /* NULL: simulated */
    enum network_registration granted;
    int rssi; /* dBm; 0: no signal */
    bool sim;
    bool radio;
    bool covered;
    bool data;
};

static const char *const registrations[] = {"home", "roaming", "searching", "denied", "none", NULL};

/* In the order of enum network_provider. */
static const char *const providers[] = {"sim", "host", NULL};

bool network_check_ip(const char *value, char *why, size_t why_size)
{
    struct in_addr address;
    if (inet_pton(AF_INET, value, &address) == 1) {
        return true;
    }
    snprintf(why, why_size, "not an IPv4 address");
    return false;
}

/* The PLMN at *list, and the list behind it; NULL: it is none. */
static const char *plmn_end(const char *list)
{
    size_t digits = strspn(list, "0123456789");
    bool good = digits == 5 || digits == 6;
    return good && (!list[digits] || list[digits] == ',') ? list + digits : NULL;
}

bool network_check_operators(const char *value, char *why, size_t why_size)
{
    const char *end = plmn_end(value);
    while (end && *end) {
        end = plmn_end(end + 1);
    }
    if (!end) {
        snprintf(why, why_size, "not PLMNs of 5 or 6 digits with commas between");
    }
    return end;
}

static const struct setting rows[] = {
    {.key = "redirect",
     .type = SETTING_TEXT,
     .offset = offsetof(struct network_settings, redirect),
     .initial = "",
     .check = redirect_check,
     .help = "PATTERN=HOST[:PORT], ...: hosts, as written, that services reach elsewhere"},
    {.key = "registration",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct network_settings, registration),
     .choices = registrations,
     .initial = "home",
     .help = "what the simulated network grants"},
    {.key = "rssi",
     .type = SETTING_INT,
     .offset = offsetof(struct network_settings, rssi),
     .min = -140,
     .max = 0,
     .initial = "-71",
     .help = "signal of the simulated network in dBm; 0: no signal"},
    {.key = "ip",
     .type = SETTING_TEXT,
     .offset = offsetof(struct network_settings, ip),
     .initial = "192.168.40.13",
     .check = network_check_ip,
     .help = "address that the simulated network gives"},
    {.key = "operator",
     .type = SETTING_TEXT,
     .offset = offsetof(struct network_settings, operators),
     .initial = "46000",
     .check = network_check_operators,
     .help = "numeric PLMNs in reach of the simulated network, the home network first"},
    {.key = "provider",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct network_settings, provider),
     .choices = providers,
     .initial = "sim",
     .help = "simulated, or the host's: Wi-Fi is an interface, which joins by wpa_supplicant; a "
             "cellular module is registered while there is a default route"},
    {.key = "interface",
     .type = SETTING_TEXT,
     .offset = offsetof(struct network_settings, interface),
     .max = IF_NAMESIZE - 1,
     .initial = "",
     .help = "interface of the host; empty: that of the default route"},
    {.key = "access_points",
     .type = SETTING_TEXT,
     .offset = offsetof(struct network_settings, access_points),
     .initial = "",
     .help = "INI file of the simulated Wi-Fi's access points; empty: one that has any name and "
             "takes any pass phrase"},
    {.key = "wpa_dir",
     .type = SETTING_TEXT,
     .offset = offsetof(struct network_settings, wpa_dir),
     .initial = "/run/wpa_supplicant",
     .help = "folder of wpa_supplicant's control sockets, through which the host joins and scans"},
};

const struct settings_group network_settings_group = {
    .section = "network",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .size = sizeof(struct network_settings),
};

struct network *network_create(const struct network_settings *settings, bool has_sim)
{
    struct network *network = mem_zeroed(sizeof *network);
    network->settings = settings;
    network->granted = (enum network_registration)settings->registration;
    network->rssi = settings->rssi;
    network->sim = has_sim;
    network->radio = true;
    network->covered = true;
    network->data = true;
    return network;
}

void network_destroy(struct network *network)
{
    if (network) {
        netlink_destroy(network->netlink);
    }
    free(network);
}

/* ---- listeners ---- */

void network_listen(struct network *network, struct network_listener *listener)
{
    if (network) {
        listener->next = network->listeners;
        network->listeners = listener;
    }
}

void network_unlisten(struct network *network, struct network_listener *listener)
{
    if (!network) {
        return;
    }
    struct network_listener **link = &network->listeners;
    while (*link && *link != listener) {
        link = &(*link)->next;
    }
    if (*link) {
        *link = listener->next;
    }
    if (network->telling == listener) {
        network->telling = listener->next;
    }
}

static void tell(struct network *network)
{
    for (struct network_listener *one = network->listeners; one; one = network->telling) {
        network->telling = one->next;
        one->changed(one->ctx);
    }
}

/* ---- changes ---- */

void network_set_registration(struct network *network, enum network_registration registration)
{
    if (registration != network->granted && !network->netlink) {
        network->granted = registration;
        tell(network);
    }
}

void network_set_rssi(struct network *network, int dbm)
{
    if (dbm != network->rssi) {
        network->rssi = dbm;
        tell(network);
    }
}

void network_set_coverage(struct network *network, bool there)
{
    if (there != network->covered) {
        network->covered = there;
        tell(network);
    }
}

void network_set_data(struct network *network, bool on)
{
    if (on != network->data) {
        network->data = on;
        tell(network);
    }
}

void network_set_radio(struct network *network, bool on)
{
    if (on != network->radio) {
        network->radio = on;
        tell(network);
    }
}

/* ---- the host ---- */

static enum network_registration by_host(const struct network *network)
{
    return netlink_view(network->netlink)->up ? NETWORK_HOME : NETWORK_SEARCHING;
}

static void host_changed(void *ctx)
{
    struct network *network = ctx;
    if (by_host(network) != network->granted) {
        network->granted = by_host(network);
        tell(network);
    }
}

void network_follow_host(struct network *network, struct ev_loop *loop, struct log *log)
{
    if (network->settings->provider == NETWORK_HOST) {
        network->netlink =
            netlink_create(loop, log, network->settings->interface, host_changed, network);
        network->granted = by_host(network);
    }
}

/* ---- what it is like ---- */

const char *network_registration_word(enum network_registration registration)
{
    return registrations[registration];
}

bool network_registration_find(const char *word, enum network_registration *registration)
{
    for (int i = 0; registrations[i]; i++) {
        if (strcmp(registrations[i], word) == 0) {
            *registration = (enum network_registration)i;
            return true;
        }
    }
    return false;
}

bool network_has_sim(const struct network *network)
{
    return network->sim;
}

bool network_radio(const struct network *network)
{
    return network->radio;
}

enum network_registration network_registration(const struct network *network)
{
    if (!network->sim || !network->radio) {
        return NETWORK_NONE;
    }
    bool granted = network->granted == NETWORK_HOME || network->granted == NETWORK_ROAMING;
    return granted && network_rssi(network) == 0 ? NETWORK_SEARCHING : network->granted;
}

bool network_usable(const struct network *network)
{
    if (!network) {
        return true;
    }
    enum network_registration registration = network_registration(network);
    bool registered = registration == NETWORK_HOME || registration == NETWORK_ROAMING;
    return registered && network->data;
}

int network_creg_stat(const struct network *network)
{
    static const int stats[] = {
        [NETWORK_HOME] = 1,   [NETWORK_ROAMING] = 5, [NETWORK_SEARCHING] = 2,
        [NETWORK_DENIED] = 3, [NETWORK_NONE] = 0,
    };
    return stats[network_registration(network)];
}

int network_rssi(const struct network *network)
{
    return network->radio && network->covered ? network->rssi : 0;
}

int network_csq_rssi(const struct network *network)
{
    int dbm = network_rssi(network);
    if (dbm == 0) {
        return 99;
    }
    int rssi = (dbm + 113) / 2;
    return dbm <= -113 ? 0 : rssi > 31 ? 31 : rssi;
}

bool network_operator(const struct network *network, size_t index, char plmn[NETWORK_PLMN_SIZE])
{
    const char *list = network->settings->operators;
    for (; index && *list; index--) {
        list += strcspn(list, ",");
        list += *list == ',';
    }
    size_t len = strcspn(list, ",");
    bool there = len > 0 && len < NETWORK_PLMN_SIZE;
    if (there) {
        memcpy(plmn, list, len);
        plmn[len] = '\0';
    }
    return there;
}

const char *network_ip(const struct network *network)
{
    if (!network->netlink) {
        return network->settings->ip;
    }
    return netlink_view(network->netlink)->up ? netlink_view(network->netlink)->ip : "0.0.0.0";
}
