/* The MCU's OTA: an image on its way from the cloud to the host, frame by frame. */
#ifndef DIALECT_ALIYUN_WIFI_OTA_H
#define DIALECT_ALIYUN_WIFI_OTA_H

#include <ev.h>

#include "at/at.h"
#include "cloud/ota.h"
#include "cloud/ota_image.h"

struct aw;
struct mqtt_message;

/* <state> of +IOTASTATE. */
enum aw_ota_state {
    AW_OTA_OFFERED = 0,
    AW_OTA_LOADING = 1,
    AW_OTA_CHECKING = 2,
    AW_OTA_DONE = 3,
    AW_OTA_FAILED = 4,
    AW_OTA_READY = 5,
    AW_OTA_NONE = 6,
};

struct aw_ota {
    enum aw_ota_state state; /* OFFERED, LOADING, READY or NONE */
    struct ota_announcement offer;
    struct ota_image *image;
    size_t frame_size;
    unsigned char *served; /* a byte a frame */
    size_t frames, unserved;
    unsigned tries;
    ev_timer retry;
    char finished[sizeof(((struct ota_announcement *)NULL)->version)]; /* the last task's version */
    uint64_t finished_size;
};

void aw_ota_power_on(struct aw *aw);
void aw_ota_power_off(struct aw *aw);

/* False: not a message of OTA. */
bool aw_ota_message(struct aw *aw, const struct mqtt_message *message);
/* Whether a topic is one on which the cloud speaks of OTA. */
bool aw_ota_is_topic(const struct aliyun_device *device, const char *topic);

/* ---- between the files of the family ---- */

/* ota_task.c */
void aw_ota_begin(struct aw *aw);
void aw_ota_refuse(struct aw *aw);
void aw_ota_cut(struct aw *aw, size_t frame_size);
/* All frames have been served. */
void aw_ota_finish(struct aw *aw);
void aw_ota_report_state(struct aw *aw, enum aw_ota_state state, const char *version,
                         uint64_t size);
void aw_ota_retry_tick(struct ev_loop *loop, ev_timer *timer, int events);
/* NULL: the platform's default module, which no message names. */
const char *aw_ota_module(const struct aw *aw);

#endif
