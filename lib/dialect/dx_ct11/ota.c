/* OTA: a file is loaded, and given to a program. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "cloud/aliyun.h"
#include "dialect/dx_ct11/instance.h"
#include "service/process/process.h"
#include "settings/settings.h"

enum { URL_MAX = 512, MODE_MAX = 255, REDIRECTS = 5, STALL_MS = 30000, GRACE_MS = 5000 };
static const int64_t file_max = 256 * 1024 * 1024;

/* From the loop: the command's end. A restart is all that is seen of a good one. */
static void end(struct dx *dx, bool ok)
{
    dx_ota_stop(dx);
    if (ok) {
        reboot_begin(&dx->reboot, 0);
    }
    at_finish(dx->env.at, dx->waiting, ok ? DX_SILENT : DX_NO_SERVER);
}

void dx_ota_stop(struct dx *dx)
{
    struct dx_ota *ota = &dx->ota;
    http_cancel(ota->transfer);
    process_destroy(ota->hook);
    if (ota->path) {
        close(ota->fd);
    }
    free(ota->path);
    *ota = (struct dx_ota){0};
}

/* ---- the program ---- */

static void hook_ended(void *ctx, const struct process_end *how)
{
    struct dx *dx = ctx;
    if (!how->ok) {
        log_error(dx->env.log, "ota: %s: %s", dx->settings->ota_hook, how->why);
    }
    end(dx, how->ok);
}

static void run_hook(struct dx *dx)
{
    char why[200];
    char mode[16];
    snprintf(mode, sizeof mode, "%d", dx->ota.mode);
    const char *const argv[] = {dx->settings->ota_hook, mode, dx->ota.path, NULL};
    dx->ota.hook =
        process_start(dx->env.services,
                      &(struct process_options){
                          .argv = argv, .in = -1, .out = -1, .err = -1, .grace_ms = GRACE_MS},
                      hook_ended, dx, why, sizeof why);
    if (!dx->ota.hook) {
        end(dx, false);
    }
}

/* ---- the file ---- */

static enum http_go on_head(void *ctx, const struct http_head *head)
{
    struct dx *dx = ctx;
    if (head->length > file_max) {
        log_error(dx->env.log, "ota: the file is announced with %lld bytes",
                  (long long)head->length);
        return HTTP_STOP;
    }
    return HTTP_GO_ON;
}

static enum http_go on_body(void *ctx, const char *bytes, size_t len)
{
    struct dx *dx = ctx;
    dx->ota.size += (int64_t)len;
    if (dx->ota.size > file_max) {
        log_error(dx->env.log, "ota: the file is too long");
        return HTTP_STOP;
    }
    while (len) {
        ssize_t written = write(dx->ota.fd, bytes, len);
        if (written <= 0) {
            log_error(dx->env.log, "ota: %s: %s", dx->ota.path, strerror(errno));
            return HTTP_STOP;
        }
        bytes += written;
        len -= (size_t)written;
    }
    return HTTP_GO_ON;
}

static void loaded(void *ctx, const struct http_response *response)
{
    struct dx *dx = ctx;
    dx->ota.transfer = NULL;
    bool good = response->outcome == HTTP_DONE && response->status / 100 == 2;
    if (!good) {
        log_error(dx->env.log, "ota: no file: %s, status %d", response->why, response->status);
        end(dx, false);
    } else if (*dx->settings->ota_hook) {
        run_hook(dx);
    } else {
        log_info(dx->env.log, "ota: %lld bytes in %s", (long long)dx->ota.size, dx->ota.path);
        end(dx, true);
    }
}

/* ---- the command ---- */

static bool open_file(struct dx *dx)
{
    struct dx_ota *ota = &dx->ota;
    char *path = mem_printf("%s/%s.dx-ct11.ota", dx->env.folder, dx->env.name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        log_error(dx->env.log, "ota: %s: %s", path, strerror(errno));
        free(path);
        return false;
    }
    *ota = (struct dx_ota){.path = path, .fd = fd};
    return true;
}

static at_result ota_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    const struct http_settings *http = settings_of(dx->env.settings, &http_settings_group);
    if (!open_file(dx)) {
        return DX_NO_SERVER;
    }
    char *url = aliyun_rewrite_url(call->params[1].text, http->uri);
    dx->waiting = call->ticket;
    dx->ota.mode = (int)call->params[0].number;
    dx->ota.transfer = http_send(dx->http.service,
                                 &(struct http_request){
                                     .method = HTTP_GET,
                                     .url = url,
                                     .redirects = REDIRECTS,
                                     .connect_timeout_ms = STALL_MS,
                                     .stall_timeout_ms = STALL_MS,
                                     .range_from = -1,
                                     .tls = {.ca_file = http->ca_file, .insecure = http->insecure},
                                     .on_head = on_head,
                                     .on_body = on_body,
                                 },
                                 loaded, dx);
    free(url);
    return AT_PENDING;
}

static bool url_valid(const char *bytes, size_t len)
{
    return text_no_nul(bytes, len) && http_url_valid(bytes, len);
}

static const struct at_param params[] = {
    {.name = "mode", .type = AT_INT, .max = MODE_MAX},
    {.name = "url", .type = AT_STRING, .max = URL_MAX, .valid = url_valid},
};

static const struct at_command rows[] = {
    {.name = "+OTA",
     .forms = AT_SET,
     AT_PARAMS(params),
     .set = ota_set,
     .help = "load a file, give it to dx-ct11.ota_hook, then restart"},
};

const struct at_table dx_ota_table = {rows, sizeof rows / sizeof *rows};
