#include "settings/ini.h"

#include <errno.h>
#include <fcntl.h>
#include <iniparser/iniparser.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "settings/ini_scan.h"

static bool fail(const char *path, const char *reason, char **error)
{
    *error = mem_printf("%s: %s", path, reason);
    return false;
}

static bool read_descriptor(int fd, const char *path, struct buf *text, char **error)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return fail(path, strerror(errno), error);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(path, "not a file", error); /* it is read twice, so no pipe will do */
    }
    for (;;) {
        ssize_t got = read(fd, buf_room(text, 4096), 4096);
        if (got < 0 && errno != EINTR) {
            return fail(path, strerror(errno), error);
        }
        if (got == 0) {
            return true;
        }
        if (got > 0) {
            buf_added(text, (size_t)got);
        }
    }
}

static bool read_text(const char *path, struct buf *text, char **error)
{
    /* O_NONBLOCK: a FIFO in the file's place is refused, not waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return fail(path, strerror(errno), error);
    }
    bool ok = read_descriptor(fd, path, text, error);
    close(fd);
    return ok;
}

static int silent(const char *format, ...)
{
    (void)format;
    return 0;
}

static dictionary *load_quietly(const char *path)
{
    /* The callback belongs to the whole process, and NULL is iniparser's own; nobody else here sets
     * one. */
    iniparser_set_error_callback(silent);
    dictionary *dict = iniparser_load(path);
    iniparser_set_error_callback(NULL);
    return dict;
}

static bool give_keys(const dictionary *dict, const char *path, const struct ini_keys *keys,
                      ini_entry entry, void *ctx, char **error)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct ini_key *row = &keys->rows[i];
        char *name = mem_printf("%s:%s", row->section, row->key);
        const char *value = dictionary_get(dict, name, NULL);
        free(name);
        if (!value) {
            return fail(path, "changed while it was read", error);
        }
        if (!entry(ctx, row->section, row->key, value, row->line, error)) {
            return false;
        }
    }
    return true;
}

bool ini_read(const char *path, ini_entry entry, void *ctx, char **error)
{
    struct buf text = {0};
    struct ini_keys keys = {0};
    bool ok = read_text(path, &text, error) &&
              ini_scan(path, buf_bytes(&text), buf_len(&text), &keys, error);
    buf_free(&text);
    if (ok) {
        dictionary *dict = load_quietly(path);
        ok = dict ? give_keys(dict, path, &keys, entry, ctx, error)
                  : fail(path, "iniparser cannot read it", error);
        if (dict) {
            iniparser_freedict(dict);
        }
    }
    ini_keys_free(&keys);
    return ok;
}
