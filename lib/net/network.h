/* The network as a cellular module sees it: registration, signal, address. Simulated: the settings
 * `[network]` say what it is like; or registration and address are those of the host's route.
 * (Wi-Fi, which obeys the same section: net/wifi.h.) */
#ifndef NET_NETWORK_H
#define NET_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;
struct log;
struct network;
struct settings_group;

enum network_registration {
    NETWORK_HOME,
    NETWORK_ROAMING,
    NETWORK_SEARCHING,
    NETWORK_DENIED,
    NETWORK_NONE,
};

enum network_provider {
    NETWORK_SIM,  /* what the settings say */
    NETWORK_HOST, /* what Linux has */
};

struct network_settings {
    const char *redirect; /* net/redirect.h */
    int registration;     /* enum network_registration */
    int rssi;             /* dBm; 0: no signal */
    const char *ip;
    const char *operators; /* numeric PLMNs with commas between; the first is the home network */
    int provider;          /* enum network_provider */
    const char *interface; /* of the host; empty: that of the default route */
    const char *access_points; /* a file, net/access_points.h; empty: one that takes any name */
    const char *wpa_dir;       /* where wpa_supplicant has its sockets */
};
extern const struct settings_group network_settings_group;

/* As struct setting's check(): numeric PLMNs, of 5 or 6 digits, with commas between. */
bool network_check_operators(const char *value, char *why, size_t why_size);
/* As struct setting's check(): an IPv4 address. */
bool network_check_ip(const char *value, char *why, size_t why_size);

/* Somebody who wants to know when the registration, the signal or the SIM changed. */
struct network_listener {
    void (*changed)(void *ctx);
    void *ctx;
    struct network_listener *next; /* the network's own */
};

/* has_sim: whether there is a SIM; without one there is no registration. settings outlive the
 * object. */
struct network *network_create(const struct network_settings *settings, bool has_sim);
void network_destroy(struct network *network);

/* From now on, where settings say NETWORK_HOST, it is at home while the host has a default route,
 * else searching; network_set_registration() has no effect. With settings->interface: while that
 * interface is up and has a route. The signal stays simulated. Not twice; loop and log outlive the
 * object. */
void network_follow_host(struct network *network, struct ev_loop *loop, struct log *log);

/* A listener outlives the network or takes its leave before. One may leave, or others come, from
 * inside changed(). NULL: there is nothing to listen to. */
void network_listen(struct network *network, struct network_listener *listener);
void network_unlisten(struct network *network, struct network_listener *listener);

/* What the simulated network grants from now on, until the modem is built anew. */
void network_set_registration(struct network *network, enum network_registration registration);
/* -140..-1 dBm, 0: no signal. */
void network_set_rssi(struct network *network, int dbm);
/* Whether there is coverage where the module is; without, there is no signal. */
void network_set_coverage(struct network *network, bool there);
/* Whether the module is attached and has a data connection (net/pdp.h); at first it has. */
void network_set_data(struct network *network, bool on);
/* The module's radio: off (AT+CFUN=0 and the like), there is neither signal nor registration. */
void network_set_radio(struct network *network, bool on);

/* A registration in a word, as in the settings: "home", "roaming", "searching", "denied", "none".
 */
const char *network_registration_word(enum network_registration registration);
/* False: there is none of that name. */
bool network_registration_find(const char *word, enum network_registration *registration);

bool network_has_sim(const struct network *network);
bool network_radio(const struct network *network);

/* What it is registered as: as granted, but with radio, SIM and a signal only. */
enum network_registration network_registration(const struct network *network);

/* Whether data can pass: at home or roaming, with a data connection. Services obey (service/env.h).
 * NULL: it can. */
bool network_usable(const struct network *network);

/* How services word that it cannot. */
#define NETWORK_MISSING "the module has no network"

/* The <stat> of +CREG (27.007 7.2): 0 none, 1 home, 2 searching, 3 denied, 5 roaming. */
int network_creg_stat(const struct network *network);

/* The signal in dBm, 0: none. */
int network_rssi(const struct network *network);

/* The <rssi> of +CSQ (27.007 8.5): 0 (-113 dBm or less) to 31 (-51 dBm or more), 99 no signal. */
int network_csq_rssi(const struct network *network);

/* Enough for a numeric PLMN and its NUL. */
enum { NETWORK_PLMN_SIZE = 7 };
/* The operators that are in reach, by index; false: there are no more. */
bool network_operator(const struct network *network, size_t index, char plmn[NETWORK_PLMN_SIZE]);

/* The address, in numbers; the host's may be an IPv6 one, 0.0.0.0 without a route. */
const char *network_ip(const struct network *network);

#endif
