/* IOTAPARA, IOTAVER, IOTASTART, IOTASHO, IOTASTX, IOTAQUERY. */
#include <stdlib.h>
#include <string.h>

#include "base/crc16.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "dialect/aliyun_wifi/instance.h"
#include "service/env.h"

enum { FRAME_MIN = 64, FRAME_MAX = 2048, FRAME_USUAL = 256, VERSION_MAX = 64 };

/* ---- life ---- */

void aw_ota_power_on(struct aw *aw)
{
    aw->ota.state = AW_OTA_NONE;
    aw->ota.frame_size = FRAME_USUAL;
    ev_timer_init(&aw->ota.retry, aw_ota_retry_tick, 0., 0.);
    aw->ota.retry.data = aw;
}

void aw_ota_power_off(struct aw *aw)
{
    struct aw_ota *ota = &aw->ota;
    ev_timer_stop(aw->env.services->loop, &ota->retry);
    ota_image_destroy(ota->image);
    free(ota->served);
    *ota = (struct aw_ota){0};
}

/* ---- what the MCU says ---- */

static at_result para_set(void *ctx, struct at_call *call)
{
    aw_ota_cut(ctx, (size_t)call->params[1].number);
    return AT_OK;
}

static at_result ready(const struct aw *aw, struct aliyun_device *device)
{
    if (!aw_online(aw)) {
        return AW_NOT_CONNECTED;
    }
    return aw_device(aw, device) ? AT_OK : AW_NO_IDENTITY;
}

static at_result version_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    const char *version = call->params[0].text;
    struct aliyun_device device;
    at_result result = ready(aw, &device);
    if (result != AT_OK) {
        return result;
    }
    if (!aw_say(aw, ota_topic(OTA_TOPIC_INFORM, &device),
                ota_inform(++aw->session.ids, version, aw_ota_module(aw)))) {
        return AW_PUBLISH_FAILED;
    }
    if (*aw->ota.finished && strcmp(aw->ota.finished, version) == 0) {
        aw_ota_report_state(aw, AW_OTA_DONE, version, aw->ota.finished_size);
        aw->ota.finished[0] = '\0';
    }
    return AT_OK;
}

static at_result query(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    struct aliyun_device device;
    at_result result = ready(aw, &device);
    (void)call;
    if (result != AT_OK) {
        return result;
    }
    return aw_say(aw, ota_topic(OTA_TOPIC_GET, &device),
                  ota_query(++aw->session.ids, aw_ota_module(aw)))
               ? AT_OK
               : AW_PUBLISH_FAILED;
}

static at_result start_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    if (aw->ota.state != AW_OTA_OFFERED) {
        return AW_NO_TASK;
    }
    if (call->params[0].number == 1) {
        aw_ota_begin(aw);
    } else {
        aw_ota_refuse(aw);
    }
    return AT_OK;
}

/* ---- what the MCU gets ---- */

static at_result header(void *ctx, struct at_call *call)
{
    const struct aw *aw = ctx;
    const struct aw_ota *ota = &aw->ota;
    if (ota->state != AW_OTA_READY) {
        return AW_NO_TASK;
    }
    at_info(call->at, call->ticket, "+IOTASHO:%zu,%zu,%s,%llu,%d,\"%s\"", ota->frames,
            ota->frame_size, ota->offer.version, (unsigned long long)ota->offer.size,
            ota->offer.digest == OTA_DIGEST_SHA256, ota->offer.given);
    return AT_OK;
}

static unsigned checksum(const struct aw *aw, const char *bytes, size_t len)
{
    static uint16_t (*const kinds[])(const void *, size_t) = {
        [AW_CRC_ARC] = crc16_arc,
        [AW_CRC_MODBUS] = crc16_modbus,
        [AW_CRC_CCITT_FALSE] = crc16,
        [AW_CRC_XMODEM] = crc16_xmodem,
    };
    return kinds[aw->settings->crc16](bytes, len);
}

static void put_data(const struct aw *aw, struct buf *line, const char *bytes, size_t len)
{
    if (aw->settings->ota_data == AW_OTA_RAW) {
        buf_add(line, bytes, len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        buf_printf(line, "%02X", (unsigned)(unsigned char)bytes[i]);
    }
}

static at_result frame_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    struct aw_ota *ota = &aw->ota;
    uint64_t frame = (uint64_t)call->params[0].number;
    if (ota->state != AW_OTA_READY) {
        return AW_NO_TASK;
    }
    if (frame >= ota->frames) {
        return AW_INVALID_PARAMETER;
    }
    uint64_t from = frame * ota->frame_size;
    uint64_t left = ota->offer.size - from;
    size_t len = left < ota->frame_size ? (size_t)left : ota->frame_size;
    char bytes[FRAME_MAX];
    if (!ota_image_read(ota->image, from, bytes, len)) {
        return AW_STORE_FAILED;
    }
    struct buf line = {0};
    buf_printf(&line, "+IOTASTX:%llu,%zu,%u,", (unsigned long long)frame, len,
               checksum(aw, bytes, len));
    put_data(aw, &line, bytes, len);
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
    buf_free(&line);
    ota->unserved -= !ota->served[frame];
    ota->served[frame] = 1;
    if (!ota->unserved) {
        aw_ota_finish(aw);
    }
    return AT_OK;
}

/* ---- the table ---- */

static bool version_valid(const char *bytes, size_t len)
{
    return utf8_valid(bytes, len) && text_no_nul(bytes, len) && !memchr(bytes, '"', len) &&
           !memchr(bytes, '\\', len);
}

static const char *const tags[] = {"BLOCKSIZE", NULL};
static const struct at_param para_params[] = {
    {.name = "param_tag", .type = AT_CHOICE, .choices = tags},
    {.name = "param_value", .type = AT_INT, .min = FRAME_MIN, .max = FRAME_MAX},
};
static const struct at_param version_params[] = {{.name = "mcu_version",
                                                  .type = AT_STRING,
                                                  .min = 1,
                                                  .max = VERSION_MAX,
                                                  .valid = version_valid}};
static const struct at_param start_params[] = {{.name = "enable", .type = AT_INT, .max = 1}};
static const struct at_param frame_params[] = {{.name = "frame", .type = AT_INT, .max = INT32_MAX}};

static const struct at_command rows[] = {
    {.name = "+IOTAPARA",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(para_params),
     .test = "+IOTAPARA=<param_tag>,<param_value>",
     .set = para_set,
     .help = "frame size of the image (BLOCKSIZE)"},
    {.name = "+IOTAVER",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(version_params),
     .test = "+IOTAVER=<mcu_version>",
     .set = version_set,
     .help = "report the version of the MCU"},
    {.name = "+IOTASTART",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(start_params),
     .test = "+IOTASTART:<enable>",
     .set = start_set,
     .help = "accept (1) or refuse (0) the upgrade"},
    {.name = "+IOTASHO",
     .forms = AT_TEST | AT_READ | AT_EXECUTE,
     .test = "+IOTASHO",
     .read = header,
     .execute = header,
     .help = "header of the image"},
    {.name = "+IOTASTX",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(frame_params),
     .test = "+IOTASTX:<frame>",
     .set = frame_set,
     .help = "a frame of the image"},
    {.name = "+IOTAQUERY",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+IOTAQUERY",
     .execute = query,
     .help = "ask the cloud for an upgrade"},
};

const struct at_table aw_ota_table = {rows, sizeof rows / sizeof *rows};
