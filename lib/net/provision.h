/* Provisioning: how a module gets the name and the pass phrase of the network that it is to join.
 *
 *     IDLE ──start──► BLE | AP ──credentials──► IDLE, event given()
 *                        └──────stop──────► IDLE
 *
 * There is no radio here. Credentials come
 *   - as encrypted UDP datagrams at the address `provision.listen` (docs/provisioning.md has the
 *     format; scripts/provision sends one),
 *   - by provision_give() (the control socket),
 *   - one second after the start from the options, if they are there.
 * The first to come wins.
 *
 * No event is emitted from inside a call of this interface. While nothing is provisioned, no socket
 * is open and the loop is not woken (but see docs/provisioning.md: a repeated datagram is answered
 * for some seconds).
 */
#ifndef NET_PROVISION_H
#define NET_PROVISION_H

#include <stdbool.h>

struct ev_loop;
struct log;
struct provision;
struct settings_group;

enum {
    PROVISION_KEY_LEN = 16, /* AES-128 */
    PROVISION_SSID_MAX = 32,
    PROVISION_PSK_MAX = 64,
};

/* The settings `[provision]`. */
struct provision_settings {
    const char *listen; /* ADDRESS:PORT; empty: none */
};
extern const struct settings_group provision_settings_group;

enum provision_state {
    PROVISION_IDLE,
    PROVISION_BLE, /* as by Bluetooth Low Energy */
    PROVISION_AP,  /* as by an access point that the module opens */
};

/* Everything is copied. */
struct provision_options {
    enum provision_state kind; /* PROVISION_BLE or PROVISION_AP */
    const void *key;           /* PROVISION_KEY_LEN bytes; NULL: the default key */
    const char *ap_ssid;       /* PROVISION_AP: the name that the log announces; may be NULL */
    const char *ap_psk;        /* whether it has one is announced, not which; NULL or empty: none */
    const char *ssid;          /* credentials that come by themselves; NULL or empty: none */
    const char *psk;           /* NULL or empty: an open network */
};

struct provision_events {
    /* The state is PROVISION_IDLE again. psk may be empty; it is a secret, not for logs. Valid
     * during the call only, which may call any function of this interface, provision_destroy()
     * included. */
    void (*given)(void *ctx, const char *ssid, const char *psk);
};

/* loop, log, settings and events outlive the object. */
struct provision *provision_create(struct ev_loop *loop, struct log *log,
                                   const struct provision_settings *settings,
                                   const struct provision_events *events, void *ctx);
/* NULL is fine. */
void provision_destroy(struct provision *provision);

/* Starts; what was under way stops, also if it is of the same kind. That `provision.listen` cannot
 * be bound is a line in the log: the other ways still work. */
void provision_start(struct provision *provision, const struct provision_options *options);

/* Stops; credentials whose event is not out yet are dropped. Fine when nothing is under way. */
void provision_stop(struct provision *provision);

/* PROVISION_IDLE as soon as credentials have come, that is just before given(). */
enum provision_state provision_state(const struct provision *provision);

/* Where datagrams are taken now, "127.0.0.1:40123"; empty: nowhere. */
const char *provision_address(const struct provision *provision);

/* Credentials from elsewhere. ssid 1..32 bytes, psk 0..64 bytes (NULL: none). False, and nothing
 * happens, when nothing is being provisioned or a length is wrong. */
bool provision_give(struct provision *provision, const char *ssid, const char *psk);

#endif
