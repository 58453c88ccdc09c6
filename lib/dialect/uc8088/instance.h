/* One module's state, shared by the files of this folder: a file is one family of commands, or what
 * several of them share. */
#ifndef DIALECT_UC8088_INSTANCE_H
#define DIALECT_UC8088_INSTANCE_H

#include "base/buf.h"
#include "dialect/cme.h"
#include "dialect/kept.h"
#include "dialect/line_later.h"
#include "dialect/text.h"
#include "dialect/uc8088/ftp.h"
#include "dialect/uc8088/http.h"
#include "dialect/uc8088/mqtt.h"
#include "dialect/uc8088/sockets.h"
#include "dialect/uc8088/uc8088.h"
#include "net/network.h"
#include "net/pdp.h"
#include "service/env.h"

/* The settings `[uc8088]`. */
struct uc_settings {
    int ext_error; /* enum uc_ext_error */
    int httpread;  /* enum uc_httpread */
    bool sleep;
};
enum uc_ext_error { UC_EXT_AS_EXT, UC_EXT_AS_CME };
enum uc_httpread { UC_HTTPREAD_SPLIT, UC_HTTPREAD_LINE };
extern const struct settings_group uc_settings_group;

/* Results besides OK: numbers of +CME ERROR as they are, those of +EXT ERROR above UC_EXT. */
enum uc_result {
    UC_GPRS_NOT_ALLOWED = 107,
    UC_GPRS_ERROR = 148,
    UC_NOT_FOUND = 22,
    UC_IP_CLOSE_FAIL = 514,
    UC_EXT = 1000,
    UC_PARAMETER = UC_EXT, /* parameter not allowed */
    UC_CORRUPTED,          /* data corrupted: a length that does not fit */
    UC_INTERNAL,
    UC_NO_CONTEXT = UC_EXT + 14,
    UC_NO_POWER, /* CFUN is 0 */
    UC_EXT_END,
    UC_NO_CARRIER = AT_GOOD,
};

enum { UC_CONTEXTS = 2, UC_ADDRESS_SIZE = 16 };

/* What +CGQREQ and +CGQMIN give: precedence, delay, reliability, peak, mean. */
enum { UC_QOS_VALUES = 5 };
enum uc_qos_kind { UC_QOS_REQUESTED, UC_QOS_MINIMUM, UC_QOS_KINDS };

/* Of +CGDCONT, what net/pdp.h does not know. */
struct uc_context {
    char address[41];
    int data_compression, head_compression;
    int qos[UC_QOS_KINDS][UC_QOS_VALUES];
};

/* ---- kept values ---- */

enum { UC_CERTIFICATE_MAX = 1536 };
/* The texts in the order of MQTTTLS's <type>. */
enum uc_kept { UC_MQTT_TLS, UC_MQTT_CA, UC_MQTT_CERT, UC_MQTT_KEY, UC_KEPT_COUNT };
extern const struct kept_value uc_kept[UC_KEPT_COUNT];

/* The data call. */
struct uc_data_call {
    struct ppp *ppp; /* NULL: there is none */
    int cid;
    bool in_frame; /* the host's last byte was inside one */
};

struct uc {
    struct dialect_env env;
    const struct uc_settings *settings;
    struct kept kept;
    struct network_listener network;
    struct line_later line;
    at_ticket waiting; /* the command that a service or a save will finish */

    bool powered;        /* CFUN */
    bool registers;      /* it has been told to, and goes on trying */
    int stat;            /* of +CGREG, as told last */
    int cgreg_n, creg_n; /* whether changes are told */
    int cops_mode, cops_format;
    size_t plmn; /* index of the operator that was chosen */
    bool locked;
    long frequency; /* CELLLOCK */
    int lpm_mode, lpm_control;
    struct uc_context context[UC_CONTEXTS];

    int ifc[2];
    int cscs;

    struct uc_sockets sockets;
    struct uc_http http;
    struct uc_mqtt mqtt;
    struct uc_ftp ftp;
    struct uc_data_call call;
};

/* ---- for all files ---- */

static inline struct ev_loop *uc_loop(const struct uc *uc)
{
    return uc->env.services->loop;
}

/* ---- command tables and grammar ---- */

extern const struct at_grammar uc_grammar, uc_grammar_cme;
/* Of commands that the module's manual does not have: never +EXT ERROR. */
extern const at_result uc_plain_faults[AT_FAULT_COUNT];
extern const struct at_table uc_system_table, uc_identity_table, uc_registration_table,
    uc_packet_table, uc_qos_table, uc_data_table, uc_host_table, uc_sockets_table, uc_http_table,
    uc_ftp_table, uc_factory_table, uc_mqtt_table;

/* uc8088.c */
/* Off and on again: the state of power-on. */
void uc_restart(struct uc *uc);
/* Nothing can pass any more: what was open over the network is closed. */
void uc_network_gone(struct uc *uc);

/* system.c */
void uc_set_power(struct uc *uc, const struct at_call *call, bool on);
/* Guards: for commands that need CFUN 1 when they act, and in the test form as well. */
at_result uc_needs_power(void *ctx, struct at_call *call);
at_result uc_always_needs_power(void *ctx, struct at_call *call);

/* registration.c */
/* <stat> has changed, or may have: tells it, to call (may be NULL) as its information. */
void uc_registration_changed(struct uc *uc, const struct at_call *call);
void uc_network_changed(void *ctx);

/* packet.c */
/* Attached in the end, with the lines that this brings; else why not. */
at_result uc_attach(struct uc *uc, const struct at_call *call);
void uc_detach(struct uc *uc, const struct at_call *call);
/* A context that is active in the end: one of cid, defined if need be. */
at_result uc_activate(struct uc *uc, const struct at_call *call, int cid);
/* What commands do that need some context. */
at_result uc_activate_any(struct uc *uc, const struct at_call *call);
/* Empty if the context is not active. */
void uc_address(const struct uc *uc, int cid, char address[UC_ADDRESS_SIZE]);
/* A parameter. */
bool uc_is_cid(const struct at_value *value);

/* data.c */
/* Ends the call, if there is one, without a word. */
void uc_call_end(struct uc *uc);
/* The call has ended if its context has: NO CARRIER. */
void uc_call_check(struct uc *uc);

/* qos.c */
/* Whether the network grants what +CGQMIN wants. */
bool uc_qos_granted(const struct uc *uc, int cid);

#endif
