/* OTA of Alibaba Cloud IoT Platform: topic names, what a device says, and what the cloud announces.
 * Only texts; the download is somebody else's. */
#ifndef CLOUD_OTA_H
#define CLOUD_OTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/aliyun.h"

/* The name of the module that is the device itself; no message names it. */
#define OTA_DEFAULT_MODULE "default"

enum ota_topic {
    OTA_TOPIC_INFORM,    /* up: a version */
    OTA_TOPIC_UPGRADE,   /* down: an announcement */
    OTA_TOPIC_PROGRESS,  /* up */
    OTA_TOPIC_REQUEST,   /* up: the old query, answered on the same topic; the one of CoAP */
    OTA_TOPIC_GET,       /* up: the query */
    OTA_TOPIC_GET_REPLY, /* down: its answer */
};

/* The caller frees it. Over CoAP and HTTP it stands behind "/topic". */
char *ota_topic(enum ota_topic topic, const struct aliyun_device *device);

/* ---- what a device says; the caller frees the texts, which are never NULL ----
 * module NULL or OTA_DEFAULT_MODULE: none is named. Texts given are UTF-8. */

char *ota_inform(uint32_t id, const char *version, const char *module);

enum { /* steps besides 0..100 percent */
       OTA_STEP_UPGRADE_FAILED = -1,
       OTA_STEP_DOWNLOAD_FAILED = -2,
       OTA_STEP_CHECK_FAILED = -3,
       OTA_STEP_FLASH_FAILED = -4,
};
/* desc: free text, may be empty. */
char *ota_progress(uint32_t id, int step, const char *desc, const char *module);

/* For OTA_TOPIC_GET. */
char *ota_query(uint32_t id, const char *module);
/* For OTA_TOPIC_REQUEST; its id is a number, as the documents show it. */
char *ota_request(uint32_t id, const char *version);

/* ---- what the cloud announces ---- */

enum ota_digest { OTA_DIGEST_NONE, OTA_DIGEST_MD5, OTA_DIGEST_SHA256 };

/* Whether an announcement is a delta package is not looked at: the host's own loader must know what
 * it can take. */
struct ota_announcement {
    char version[65]; /* 1..64 bytes of UTF-8, no control characters */
    char url[2049];   /* absolute, http or https, printable ASCII without blanks */
    uint64_t size;    /* 1..UINT32_MAX bytes */
    enum ota_digest digest;
    char hex[65];    /* the digest's lower-case digits; "" where there is none */
    char given[65];  /* the digest as the cloud wrote it */
    char module[65]; /* OTA_DEFAULT_MODULE where none is named */
};

enum ota_outcome {
    OTA_ANNOUNCED,
    OTA_NOTHING,   /* the answer to a query: there is nothing to do */
    OTA_OTHER_WAY, /* over MQTT, or several files: only version, module and, if known, size */
    OTA_REFUSED,   /* not an announcement, or not one that can be used */
};

/* Reads the payload of OTA_TOPIC_UPGRADE or an answer to a query. *why says what was refused or
 * cannot be done, else NULL. announcement is filled only where there is one, OTA_OTHER_WAY
 * included. An image without md5 and sign is announced with OTA_DIGEST_NONE; with both, md5 counts.
 * A sign without signMethod is what its length says. No payload at all is OTA_NOTHING. */
enum ota_outcome ota_read(struct ota_announcement *announcement, const char *bytes, size_t len,
                          const char **why);

#endif
