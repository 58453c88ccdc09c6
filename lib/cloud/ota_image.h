/* An announced image on its way from the cloud's server to the host: downloaded into a file without
 * a name, checked against its digest, read in pieces. Memory does not grow with the image. */
#ifndef CLOUD_OTA_IMAGE_H
#define CLOUD_OTA_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/ota.h"
#include "service/tls.h"

struct http;
struct log;
struct ota_image;

enum ota_image_state {
    OTA_IMAGE_LOADING,
    OTA_IMAGE_FAILED,   /* the download broke off; ota_image_resume() goes on from there */
    OTA_IMAGE_REFUSED,  /* likewise, but the server does not want to give it (an expired link) */
    OTA_IMAGE_COMPLETE, /* all bytes are here, and the digest is right */
    OTA_IMAGE_WRONG,    /* length or digest are not as announced: nothing can be done */
};

struct ota_image_options {
    struct http *http;
    struct log *log;
    const char *folder; /* for the file */
    const char *url;    /* to use in place of the announced one */
    struct service_tls tls;
    /* Bytes have come, or the state is another. From the loop. It may destroy the image unless that
     * is still loading. */
    void (*changed)(void *ctx);
    void *ctx;
};

/* Begins the download. options and announcement are copied. NULL: no file can be made, the reason
 * is in the log. */
struct ota_image *ota_image_create(const struct ota_image_options *options,
                                   const struct ota_announcement *announcement);
/* NULL is fine. */
void ota_image_destroy(struct ota_image *image);

enum ota_image_state ota_image_state(const struct ota_image *image);
/* How many of its bytes are here. */
uint64_t ota_image_loaded(const struct ota_image *image);

/* Goes on where a download that has failed broke off. */
void ota_image_resume(struct ota_image *image);

/* Reads len bytes that are here. False: the file cannot be read, the reason is in the log. */
bool ota_image_read(const struct ota_image *image, uint64_t from, char *bytes, size_t len);

#endif
