/* The pending update: announced, downloaded, given to the host block by block (IOTABLOCK). */
#include <stdlib.h>

#include "base/crc16.h"
#include "base/log.h"
#include "base/mem.h"
#include "dialect/ica/instance.h"
#include "service/env.h"
#include "settings/settings.h"

/* How long a block may have to be waited for. */
static const double block_limit_s = 30.;

static void image_changed(void *ctx);

/* ---- the pending update ---- */

static void load_image(struct ica *ica)
{
    const struct http_settings *http = settings_of(ica->env.settings, &http_settings_group);
    struct ica_ota *ota = &ica->ota;
    char *url = aliyun_rewrite_url(ota->pending->url, http->uri);
    ota->image = ota_image_create(&(struct ota_image_options){.http = ica->http.service,
                                                              .log = ica->env.log,
                                                              .folder = ica->env.folder,
                                                              .url = url,
                                                              .tls = ica_http_tls(ica),
                                                              .changed = image_changed,
                                                              .ctx = ica},
                                  ota->pending);
    free(url);
}

static void end_wait(struct ica *ica, at_result result)
{
    if (ica->ota.asked) {
        ica->ota.asked = false;
        ev_timer_stop(ica->env.services->loop, &ica->ota.limit);
        at_finish(ica->env.at, ica->ota.waiting, result);
    }
}

void ica_ota_drop(struct ica *ica)
{
    struct ica_ota *ota = &ica->ota;
    end_wait(ica, ICA_NO_NETWORK);
    ota_image_destroy(ota->image);
    free(ota->pending);
    ota->image = NULL;
    ota->pending = NULL;
    ota->next = ota->last_from = 0;
    ota->last_len = 0;
}

void ica_ota_begin(struct ica *ica, const struct ota_announcement *announcement)
{
    struct buf line = {0};
    ica_ota_drop(ica);
    ica->ota.pending = mem_zeroed(sizeof *announcement);
    *ica->ota.pending = *announcement;
    log_info(ica->env.log, "ota: version %s is announced, %llu bytes", announcement->version,
             (unsigned long long)announcement->size);
    load_image(ica);
    buf_printf(&line, "+IOTANEWVER:\"%s\",%llu,\"%s\"", announcement->version,
               (unsigned long long)announcement->size, announcement->given);
    ica_urc_ok(ica, buf_bytes(&line), buf_len(&line));
    buf_free(&line);
}

/* ---- blocks ---- */

static size_t block_len(const struct ica *ica)
{
    uint64_t left = ica->ota.pending->size - ica->ota.next;
    size_t most = (size_t)kept_number(&ica->kept, ICA_OTA_BLOCKSIZE);
    return left < most ? (size_t)left : most;
}

/* The bytes are here; the last ones count as here when the whole image has been checked. */
static bool block_is_here(const struct ica *ica, size_t len)
{
    const struct ica_ota *ota = &ica->ota;
    return ota_image_state(ota->image) == OTA_IMAGE_COMPLETE ||
           (ota->next + len < ota->pending->size &&
            ota->next + len <= ota_image_loaded(ota->image));
}

static at_result give_block(struct ica *ica, at_ticket ticket, uint64_t from, size_t len)
{
    char *bytes = mem_resize(NULL, len);
    bool ok = ota_image_read(ica->ota.image, from, bytes, len);
    if (ok) {
        at_info(ica->env.at, ticket, "+IOTABLOCK%c%zu,0x%04X",
                ica->settings->urc_equals ? '=' : ':', len, (unsigned)crc16(bytes, len));
        at_after_ok(ica->env.at, ticket, bytes, len);
    }
    free(bytes);
    return ok ? AT_OK : ICA_UNKNOWN;
}

static at_result give_next(struct ica *ica, at_ticket ticket, size_t len)
{
    struct ica_ota *ota = &ica->ota;
    at_result result = give_block(ica, ticket, ota->next, len);
    if (result == AT_OK) {
        ota->last_from = ota->next;
        ota->last_len = len;
        ota->next += len;
    }
    return result;
}

/* What can be said about the next block now; AT_PENDING: nothing yet. */
static at_result try_next(struct ica *ica, at_ticket ticket)
{
    const struct ica_ota *ota = &ica->ota;
    size_t len = block_len(ica);
    if (block_is_here(ica, len)) {
        return give_next(ica, ticket, len);
    }
    switch (ota_image_state(ota->image)) {
    case OTA_IMAGE_WRONG:
        return ICA_UNKNOWN;
    case OTA_IMAGE_FAILED:
    case OTA_IMAGE_REFUSED:
        return ICA_NO_NETWORK;
    case OTA_IMAGE_LOADING:
    case OTA_IMAGE_COMPLETE:
        break;
    }
    return AT_PENDING;
}

static void drop_if_wrong(struct ica *ica, at_result result)
{
    if (result == ICA_UNKNOWN && ota_image_state(ica->ota.image) == OTA_IMAGE_WRONG) {
        ica_ota_drop(ica);
    }
}

static void image_changed(void *ctx)
{
    struct ica *ica = ctx;
    at_result result = ica->ota.asked ? try_next(ica, ica->ota.waiting) : AT_PENDING;
    if (result != AT_PENDING) {
        end_wait(ica, result);
        drop_if_wrong(ica, result);
    }
}

void ica_ota_limit_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    end_wait(timer->data, ICA_NETWORK_TIMEOUT);
}

static at_result next_block(struct ica *ica, const struct at_call *call)
{
    struct ica_ota *ota = &ica->ota;
    if (!ota->image) {
        load_image(ica);
    }
    if (!ota->image) {
        return ICA_NO_NETWORK;
    }
    if (ota->next == ota->pending->size) {
        at_info(call->at, call->ticket, "+IOTABLOCK%c0,0x%04X",
                ica->settings->urc_equals ? '=' : ':', (unsigned)crc16("", 0));
        return AT_OK;
    }
    ota_image_resume(ota->image);
    at_result result = try_next(ica, call->ticket);
    if (result == AT_PENDING) {
        ota->asked = true;
        ota->waiting = call->ticket;
        ev_timer_set(&ota->limit, block_limit_s, 0.);
        ev_timer_start(ica->env.services->loop, &ota->limit);
    }
    drop_if_wrong(ica, result);
    return result;
}

at_result ica_ota_block_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    struct ica_ota *ota = &ica->ota;
    if (!ota->pending) {
        return ICA_NOT_ALLOWED;
    }
    if (call->params[0].number == 0) {
        return next_block(ica, call);
    }
    return ota->last_len ? give_block(ica, call->ticket, ota->last_from, ota->last_len)
                         : ICA_NOT_ALLOWED;
}
