/* The OTA family of commands. */
#ifndef DIALECT_ICA_OTA_H
#define DIALECT_ICA_OTA_H

#include <ev.h>

#include "at/at.h"
#include "cloud/ota.h"
#include "cloud/ota_agent.h"
#include "cloud/ota_image.h"

struct ica;

/* Its part of a module's state. */
struct ica_ota {
    char *version;           /* last given by IOTAVER; NULL: none, nothing is armed */
    struct ota_agent *agent; /* over MQTT; NULL before the first IOTAVER or IOTAPGS */
    ev_timer query;          /* over CoAP: until the cloud is asked again */
    uint32_t ids;            /* of messages over CoAP */

    struct ota_announcement *pending; /* NULL: no update */
    struct ota_image *image;          /* its; NULL: no file could be made for it */
    uint64_t next;                    /* first byte of the next block */
    uint64_t last_from;               /* of the last block */
    size_t last_len;                  /* 0: none yet */

    bool asked;        /* IOTABLOCK waits for bytes */
    at_ticket waiting; /* that one */
    ev_timer limit;    /* of that one */
};

extern const struct at_table ica_ota_table;

void ica_ota_power_on(struct ica *ica);
void ica_ota_power_off(struct ica *ica);

/* A CoAP session with the cloud has begun: what MQTT does not do is done over it. */
void ica_ota_over_coap(struct ica *ica);

/* ---- between the files of the family ---- */

/* ota_service.c */
at_result ica_ota_report(struct ica *ica, const char *version);
void ica_ota_progress(struct ica *ica, int step, const char *desc);
void ica_ota_query_tick(struct ev_loop *loop, ev_timer *timer, int events);

/* ota_block.c */
/* An update is pending from now on; it replaces another. */
void ica_ota_begin(struct ica *ica, const struct ota_announcement *announcement);
/* No update is pending any more. */
void ica_ota_drop(struct ica *ica);
at_result ica_ota_block_set(void *ctx, struct at_call *call);
void ica_ota_limit_tick(struct ev_loop *loop, ev_timer *timer, int events);

#endif
