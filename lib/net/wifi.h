/* The Wi-Fi of one module: who it is, where it has joined, what is in the air. The setting
 * `network.provider` says what is behind it:
 *
 * sim    The access points of the INI file `network.access_points` (net/access_points.h); without
 *        a file one access point that has any name and takes any pass phrase.
 * host   What the kernel says of `network.interface` (rtnetlink(7)): up, with an address and a
 *        route, is "joined". Joining, leaving and scanning go to wpa_supplicant's control
 *        interface.
 *
 * No event is ever emitted from inside a call of this interface: events come from the loop. No call
 * blocks, and an object in which nothing happens does not wake the loop.
 */
#ifndef NET_WIFI_H
#define NET_WIFI_H

#include <stdbool.h>
#include <stddef.h>

#include "net/network.h"

struct ev_loop;
struct log;
struct wifi;

enum {
    WIFI_SSID_MAX = 32, /* bytes (IEEE 802.11-2020, 9.4.2.2) */
    WIFI_PSK_MAX = 64,  /* a pass phrase of 8..63 bytes, or a key of 64 hexadecimal digits */
    WIFI_MAC_TEXT = 18, /* "B8:4D:43:35:A6:06" and its NUL */
};

enum wifi_state {
    WIFI_NEVER,  /* not joined since the object was created */
    WIFI_JOINED, /* joined, with an address */
    WIFI_LOST,   /* was joined before: left, dropped, or a join has failed since */
};

enum wifi_outcome {
    WIFI_DONE,
    WIFI_NO_AP,     /* no access point of this name is there */
    WIFI_WRONG_PSK, /* the pass phrase is wrong, or is none that the network's kind could have */
    WIFI_TIMEOUT,   /* neither success nor failure, or no address, within the limit */
    WIFI_NO_RADIO,  /* no interface, no wpa_supplicant or no permission to speak to it, or it
                       refuses; the log says which */
};

/* In words, for logs: "wrong pass phrase". */
const char *wifi_outcome_text(enum wifi_outcome outcome);

/* The numbers are those of <ecn> in +CWLAP of the ESP-AT family. */
enum wifi_security {
    WIFI_OPEN = 0,
    WIFI_WEP = 1,
    WIFI_WPA = 2,
    WIFI_WPA2 = 3,
    WIFI_WPA_WPA2 = 4,
    WIFI_WPA2_ENTERPRISE = 5,
    WIFI_WPA3 = 6,
    WIFI_WPA2_WPA3 = 7,
};

/* An access point in a scan. */
struct wifi_ap {
    char ssid[WIFI_SSID_MAX + 1]; /* any bytes but NUL, whoever runs the access point chose them;
                                     empty: hidden */
    char bssid[WIFI_MAC_TEXT];    /* upper case, colons */
    int rssi;                     /* dBm, below 0 */
    int channel;                  /* 1..233; 0: unknown */
    enum wifi_security security;
};

/* Any callback may call any function of this interface, wifi_destroy() included. Members may be
 * NULL. */
struct wifi_events {
    /* State, address or MAC are others than at the last call (at the first: than never joined), or
     * a join has succeeded, even if everything is as it was. Several changes before the loop runs
     * are told once. Ask wifi_state(), wifi_ip(), wifi_mac(). */
    void (*changed)(void *ctx);
    /* The outcome of wifi_join(), once for each that is neither replaced nor left; after changed().
     */
    void (*joined)(void *ctx, enum wifi_outcome outcome);
    /* The outcome of wifi_scan(): strongest first; valid during the call only. Unless outcome is
     * WIFI_DONE, count is 0. */
    void (*scanned)(void *ctx, enum wifi_outcome outcome, const struct wifi_ap *aps, size_t count);
};

/* What decides how a Wi-Fi is; the strings are copied. */
struct wifi_options {
    const struct network_settings *settings; /* outlives the object */
    const char *name; /* the modem's: what a MAC of its own is made from (with the host's name) */
    const char *mac;  /* "XX:XX:XX:XX:XX:XX" (identity.mac); empty or NULL: sim one made from the
                         name, host the interface's */
    unsigned join_limit_ms; /* 0: 30 s */
    unsigned scan_limit_ms; /* 0: 15 s */
};

/* With `host`, what the kernel says is known on return; if it is "joined", changed() follows from
 * the loop. Never NULL: what cannot work is in the log, and joins and scans end with
 * WIFI_NO_RADIO. loop, log and events outlive the object. */
struct wifi *wifi_create(struct ev_loop *loop, struct log *log, const struct wifi_options *options,
                         const struct wifi_events *events, void *ctx);
/* NULL is fine. No event comes any more. A host that has joined stays joined. */
void wifi_destroy(struct wifi *wifi);

/* ---- what is; strings are valid until the loop runs or the next call that changes something ----
 */

/* Events come after the change that they tell of. While a join is under way, the state is the one
 * before: a join from one network to another is told by one changed(), at its end. */
enum wifi_state wifi_state(const struct wifi *wifi);

/* Whether wifi_join() has no outcome yet. */
bool wifi_joining(const struct wifi *wifi);

/* The address in numbers, IPv4 if there is one, else IPv6; "0.0.0.0" unless the state is
 * WIFI_JOINED. */
const char *wifi_ip(const struct wifi *wifi);

/* "B8:4D:43:35:A6:06", upper case. */
const char *wifi_mac(const struct wifi *wifi);

/* The name of the network, as far as it is known; empty: not joined, or (host) not by this object.
 */
const char *wifi_ssid(const struct wifi *wifi);

/* Signal of the network in dBm, below 0; 0: not joined or not known. */
int wifi_rssi(const struct wifi *wifi);

/* ---- what can be done ---- */

/* Joins; joined() tells the outcome. A join under way is replaced and has none. ssid: 1..32 bytes;
 * psk: up to 64, NULL or empty for an open network; both are copied. False, and nothing happens,
 * when a length is wrong.
 *
 * A join that fails leaves the module without a network (sim), or what the host makes of it: its
 * own networks are enabled again. */
bool wifi_join(struct wifi *wifi, const char *ssid, const char *psk);

/* Leaves, or gives up the join under way. The state is WIFI_LOST at once (if it was WIFI_JOINED)
 * with sim; with host when the kernel says so. */
void wifi_leave(struct wifi *wifi);

/* Looks around; scanned() tells the outcome. While a scan is under way, another call adds nothing:
 * both get the one event. Goes together with a join. */
void wifi_scan(struct wifi *wifi);

/* For the bench (atmodemctl), sim only, else false and nothing happens: down drops the link; a
 * join under way ends with WIFI_NO_AP, and so does every further one; scans find nothing. Up again:
 * what was dropped is joined by itself (changed(), but no joined()). */
bool wifi_sim_link(struct wifi *wifi, bool up);

#endif
