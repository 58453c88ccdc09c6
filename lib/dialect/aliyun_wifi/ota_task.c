/* The task: an offer, its download, the check, the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dialect/aliyun_wifi/instance.h"
#include "service/env.h"

enum { IMAGE_MAX = 16 * 1024 * 1024, TRIES = 3 };
static const double retry_s = 1.;

const char *aw_ota_module(const struct aw *aw)
{
    const char *name = aw->settings->ota_module;
    return *name && strcmp(name, OTA_DEFAULT_MODULE) != 0 ? name : NULL;
}

void aw_ota_report_state(struct aw *aw, enum aw_ota_state state, const char *version, uint64_t size)
{
    at_urc_line(aw->env.at, "+IOTASTATE:%d,%s,%llu", (int)state, version, (unsigned long long)size);
}

static void report(struct aw *aw, enum aw_ota_state state)
{
    aw_ota_report_state(aw, state, aw->ota.offer.version, aw->ota.offer.size);
}

static void say_progress(struct aw *aw, int step)
{
    struct aliyun_device device;
    if (aw_device(aw, &device)) {
        aw_say(aw, ota_topic(OTA_TOPIC_PROGRESS, &device),
               ota_progress(++aw->session.ids, step, "", aw_ota_module(aw)));
    }
}

static void clear(struct aw *aw)
{
    struct aw_ota *ota = &aw->ota;
    ev_timer_stop(aw->env.services->loop, &ota->retry);
    ota_image_destroy(ota->image);
    free(ota->served);
    ota->image = NULL;
    ota->served = NULL;
    ota->frames = ota->unserved = 0;
    ota->state = AW_OTA_NONE;
}

static void fail(struct aw *aw, int step)
{
    clear(aw);
    report(aw, AW_OTA_FAILED);
    say_progress(aw, step);
}

/* ---- frames ---- */

void aw_ota_cut(struct aw *aw, size_t frame_size)
{
    struct aw_ota *ota = &aw->ota;
    ota->frame_size = frame_size;
    if (ota->state == AW_OTA_READY) {
        ota->frames = (size_t)((ota->offer.size + frame_size - 1) / frame_size);
        ota->unserved = ota->frames;
        free(ota->served);
        ota->served = mem_zeroed(ota->frames);
    }
}

void aw_ota_finish(struct aw *aw)
{
    struct aw_ota *ota = &aw->ota;
    memcpy(ota->finished, ota->offer.version, sizeof ota->finished);
    ota->finished_size = ota->offer.size;
    clear(aw);
    at_urc_line(aw->env.at, "+IOTAEOT");
}

/* ---- the download ---- */

static void ready(struct aw *aw)
{
    report(aw, AW_OTA_CHECKING);
    aw->ota.state = AW_OTA_READY;
    aw_ota_cut(aw, aw->ota.frame_size);
    report(aw, AW_OTA_READY);
    say_progress(aw, 100);
}

static void changed(void *ctx)
{
    struct aw *aw = ctx;
    struct aw_ota *ota = &aw->ota;
    switch (ota_image_state(ota->image)) {
    case OTA_IMAGE_LOADING:
        break;
    case OTA_IMAGE_COMPLETE:
        ready(aw);
        break;
    case OTA_IMAGE_WRONG:
        report(aw, AW_OTA_CHECKING);
        fail(aw, OTA_STEP_CHECK_FAILED);
        break;
    case OTA_IMAGE_REFUSED:
        fail(aw, OTA_STEP_DOWNLOAD_FAILED);
        break;
    case OTA_IMAGE_FAILED:
        if (++ota->tries < TRIES) {
            ev_timer_set(&ota->retry, retry_s, 0.);
            ev_timer_start(aw->env.services->loop, &ota->retry);
        } else {
            fail(aw, OTA_STEP_DOWNLOAD_FAILED);
        }
        break;
    }
}

void aw_ota_retry_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    const struct aw *aw = timer->data;
    ota_image_resume(aw->ota.image);
}

void aw_ota_begin(struct aw *aw)
{
    struct aw_ota *ota = &aw->ota;
    char *url = aw_http_url(aw, ota->offer.url);
    ota->tries = 0;
    ota->image = ota_image_create(&(struct ota_image_options){.http = aw->http,
                                                              .log = aw->env.log,
                                                              .folder = aw->env.folder,
                                                              .url = url,
                                                              .tls = aw_http_tls(aw),
                                                              .changed = changed,
                                                              .ctx = aw},
                                  &ota->offer);
    free(url);
    if (ota->image) {
        ota->state = AW_OTA_LOADING;
        report(aw, AW_OTA_LOADING);
    } else {
        fail(aw, OTA_STEP_DOWNLOAD_FAILED);
    }
}

void aw_ota_refuse(struct aw *aw)
{
    clear(aw);
    say_progress(aw, OTA_STEP_UPGRADE_FAILED);
}

/* ---- offers ---- */

/* False: the offer is for another module, or must wait. */
static bool concerns(const struct aw *aw, const struct ota_announcement *offer)
{
    const char *module = aw_ota_module(aw);
    if (strcmp(offer->module, module ? module : OTA_DEFAULT_MODULE) != 0) {
        log_info(aw->env.log, "ota: an image for the module %s is ignored", offer->module);
        return false;
    }
    if (aw->ota.state == AW_OTA_LOADING) {
        log_info(aw->env.log, "ota: an offer is ignored: a download is under way");
        return false;
    }
    return true;
}

static void take(struct aw *aw, const struct ota_announcement *offer)
{
    clear(aw);
    aw->ota.offer = *offer;
}

static void offered(struct aw *aw, const struct ota_announcement *offer)
{
    if (!concerns(aw, offer)) {
        return;
    }
    if (offer->digest == OTA_DIGEST_NONE) {
        log_warning(aw->env.log, "ota: an offer is ignored: no digest");
        return;
    }
    take(aw, offer);
    if (offer->size > IMAGE_MAX) {
        fail(aw, OTA_STEP_DOWNLOAD_FAILED);
        return;
    }
    aw->ota.state = AW_OTA_OFFERED;
    report(aw, AW_OTA_OFFERED);
}

static void offered_other_way(struct aw *aw, const struct ota_announcement *offer, const char *why)
{
    if (concerns(aw, offer)) {
        log_warning(aw->env.log, "ota: an upgrade fails: %s", why);
        take(aw, offer);
        fail(aw, OTA_STEP_DOWNLOAD_FAILED);
    }
}

static bool is_topic(const struct aliyun_device *device, enum ota_topic which, const char *topic)
{
    char *own = ota_topic(which, device);
    bool same = strcmp(own, topic) == 0;
    free(own);
    return same;
}

bool aw_ota_is_topic(const struct aliyun_device *device, const char *topic)
{
    return is_topic(device, OTA_TOPIC_UPGRADE, topic) ||
           is_topic(device, OTA_TOPIC_GET_REPLY, topic);
}

bool aw_ota_message(struct aw *aw, const struct mqtt_message *message)
{
    struct aliyun_device device;
    struct ota_announcement offer;
    const char *why = NULL;
    if (!aw_device(aw, &device) || !aw_ota_is_topic(&device, message->topic)) {
        return false;
    }
    bool answer = is_topic(&device, OTA_TOPIC_GET_REPLY, message->topic);
    switch (ota_read(&offer, message->bytes, message->len, &why)) {
    case OTA_ANNOUNCED:
        offered(aw, &offer);
        break;
    case OTA_OTHER_WAY:
        offered_other_way(aw, &offer, why);
        break;
    case OTA_REFUSED:
        log_warning(aw->env.log, "ota: an offer is ignored: %s", why);
        break;
    case OTA_NOTHING:
        if (answer) {
            aw_ota_report_state(aw, AW_OTA_NONE, "", 0);
        }
        break;
    }
    return true;
}
