#include "cloud/ota_image.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "cloud/aliyun.h"
#include "service/http/http.h"

enum {
    CONNECT_MS = 20000, /* name, TCP and TLS */
    STALL_MS = 30000,   /* without a byte */
    REDIRECTS = 5,
};

struct ota_image {
    struct ota_image_options options;
    char *url;
    uint64_t size;
    enum ota_digest digest;
    char hex[sizeof(((struct ota_announcement *)NULL)->hex)];

    int fd;
    uint64_t loaded;
    EVP_MD_CTX *hash; /* over the bytes that are here; NULL: no digest was announced */
    enum ota_image_state state;
    struct http_transfer *transfer;
    uint64_t skip;                    /* bytes of this answer that are here already */
    bool length_known;                /* this answer says how long it is */
    const char *fault;                /* why a callback ended the transfer */
    enum ota_image_state fault_state; /* what that is then */
};

/* ---- the file ---- */

/* One without a name, also where the file system has no O_TMPFILE. */
static int open_file(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        char *path = mem_printf("%s/ota-XXXXXX", folder);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0) {
            unlink(path);
        }
        free(path);
    }
    return fd;
}

static bool write_all(int fd, const char *bytes, size_t len, uint64_t at)
{
    while (len) {
        ssize_t written = pwrite(fd, bytes, len, (off_t)at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes += written;
        len -= (size_t)written;
        at += (uint64_t)written;
    }
    return true;
}

bool ota_image_read(const struct ota_image *image, uint64_t from, char *bytes, size_t len)
{
    while (len) {
        ssize_t got = pread(image->fd, bytes, len, (off_t)from);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            log_error(image->options.log, "ota: the image cannot be read: %s",
                      got < 0 ? strerror(errno) : "it is short");
            return false;
        }
        bytes += got;
        len -= (size_t)got;
        from += (uint64_t)got;
    }
    return true;
}

/* ---- the digest ---- */

static EVP_MD_CTX *begin_hash(enum ota_digest digest)
{
    EVP_MD_CTX *hash = digest == OTA_DIGEST_NONE ? NULL : EVP_MD_CTX_new();
    if (hash) {
        EVP_DigestInit_ex(hash, digest == OTA_DIGEST_MD5 ? EVP_md5() : EVP_sha256(), NULL);
    }
    return hash;
}

static bool hash_is_right(const struct ota_image *image)
{
    unsigned char value[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    unsigned len = 0;
    if (!image->hash) {
        return true;
    }
    EVP_DigestFinal_ex(image->hash, value, &len);
    for (unsigned i = 0; i < len; i++) {
        snprintf(hex + (size_t)2 * i, 3, "%02x", value[i]);
    }
    return strcmp(hex, image->hex) == 0;
}

/* ---- the download ---- */

static enum http_go stop(struct ota_image *image, const char *why, enum ota_image_state state)
{
    image->fault = why;
    image->fault_state = state;
    return HTTP_STOP;
}

static enum http_go on_head(void *ctx, const struct http_head *head)
{
    struct ota_image *image = ctx;
    int64_t whole = head->length;
    image->length_known = head->length >= 0;
    if (head->status == 200) {
        image->skip = image->loaded; /* it begins at the first byte again */
    } else if (head->status == 206) {
        if (head->range_from != (int64_t)image->loaded) {
            return stop(image, "the server has sent another part than was asked for",
                        OTA_IMAGE_FAILED);
        }
        image->skip = 0;
        whole = head->range_size;
    } else if (head->status == 416) {
        return stop(image, "the image is shorter than announced", OTA_IMAGE_WRONG);
    } else {
        return stop(image, "the server has refused", OTA_IMAGE_REFUSED);
    }
    if (whole >= 0 && (uint64_t)whole != image->size) {
        return stop(image, "the image is not as long as announced", OTA_IMAGE_WRONG);
    }
    return HTTP_GO_ON;
}

static enum http_go on_body(void *ctx, const char *bytes, size_t len)
{
    struct ota_image *image = ctx;
    size_t here = image->skip < len ? (size_t)image->skip : len;
    image->skip -= here;
    bytes += here;
    len -= here;
    if (len > image->size - image->loaded) {
        return stop(image, "the image is longer than announced", OTA_IMAGE_WRONG);
    }
    if (!write_all(image->fd, bytes, len, image->loaded)) {
        log_error(image->options.log, "ota: the image cannot be written: %s", strerror(errno));
        return stop(image, "no room for it", OTA_IMAGE_FAILED);
    }
    if (image->hash) {
        EVP_DigestUpdate(image->hash, bytes, len);
    }
    image->loaded += len;
    if (image->loaded < image->size) { /* the last bytes are told when they are checked */
        image->options.changed(image->options.ctx);
    }
    return HTTP_GO_ON;
}

static void set_state(struct ota_image *image, enum ota_image_state state, const char *why)
{
    struct log *log = image->options.log;
    image->state = state;
    if (state == OTA_IMAGE_COMPLETE) {
        log_info(log, "ota: the image is here, %llu bytes", (unsigned long long)image->size);
    } else {
        log_warning(log, "ota: %s after %llu of %llu bytes: %s",
                    state == OTA_IMAGE_WRONG ? "a wrong image" : "the download broke off",
                    (unsigned long long)image->loaded, (unsigned long long)image->size, why);
    }
    image->options.changed(image->options.ctx);
}

static void on_done(void *ctx, const struct http_response *response)
{
    struct ota_image *image = ctx;
    image->transfer = NULL;
    if (image->fault && image->fault_state == OTA_IMAGE_WRONG) {
        set_state(image, OTA_IMAGE_WRONG, image->fault);
    } else if (image->loaded == image->size) {
        bool right = hash_is_right(image);
        set_state(image, right ? OTA_IMAGE_COMPLETE : OTA_IMAGE_WRONG, "its digest is another");
    } else if (image->fault) {
        set_state(image, image->fault_state, image->fault);
    } else if (response->outcome == HTTP_DONE && image->length_known) {
        set_state(image, OTA_IMAGE_WRONG, "the image is shorter than announced");
    } else {
        set_state(image, OTA_IMAGE_FAILED, response->why);
    }
}

static void begin(struct ota_image *image)
{
    image->state = OTA_IMAGE_LOADING;
    image->fault = NULL;
    image->skip = 0;
    image->transfer = http_send(image->options.http,
                                &(struct http_request){
                                    .method = HTTP_GET,
                                    .url = image->url,
                                    .redirects = REDIRECTS,
                                    .connect_timeout_ms = CONNECT_MS,
                                    .stall_timeout_ms = STALL_MS,
                                    .range_from = (int64_t)image->loaded,
                                    .tls = image->options.tls,
                                    .on_head = on_head,
                                    .on_body = on_body,
                                },
                                on_done, image);
}

/* ---- life ---- */

struct ota_image *ota_image_create(const struct ota_image_options *options,
                                   const struct ota_announcement *announcement)
{
    int fd = open_file(options->folder);
    if (fd < 0) {
        log_error(options->log, "ota: no file can be made in %s: %s", options->folder,
                  strerror(errno));
        return NULL;
    }
    struct ota_image *image = mem_zeroed(sizeof *image);
    image->options = *options;
    image->url = mem_string(options->url);
    image->options.tls = service_tls_copy(&options->tls);
    image->size = announcement->size;
    image->digest = announcement->digest;
    memcpy(image->hex, announcement->hex, sizeof image->hex);
    image->fd = fd;
    image->hash = begin_hash(announcement->digest);
    begin(image);
    return image;
}

void ota_image_destroy(struct ota_image *image)
{
    if (!image) {
        return;
    }
    http_cancel(image->transfer);
    EVP_MD_CTX_free(image->hash);
    close(image->fd);
    free(image->url);
    service_tls_free(&image->options.tls);
    free(image);
}

enum ota_image_state ota_image_state(const struct ota_image *image)
{
    return image->state;
}

uint64_t ota_image_loaded(const struct ota_image *image)
{
    return image->loaded;
}

void ota_image_resume(struct ota_image *image)
{
    if (image->state == OTA_IMAGE_FAILED || image->state == OTA_IMAGE_REFUSED) {
        begin(image);
    }
}
