/* From the file to values. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "nvram/nvram.h"
#include "nvram/nvram_file.h"
#include "settings/ini.h"

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static bool decode(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text != '%') {
            buf_add_byte(out, *text);
            continue;
        }
        int high = hex(text[1]);
        int low = high < 0 ? -1 : hex(text[2]);
        if (low < 0) {
            return false;
        }
        buf_add_byte(out, (char)(high * 16 + low));
        text += 2;
    }
    return true;
}

struct reading {
    struct nvram_values *values;
    char *last;  /* the value that chunks may follow */
    long chunks; /* of it, so far */
};

/* Cuts "key" or "key.N" (N without leading zero, *chunk then) off what follows the key itself.
 * False if it is no such thing. */
static bool split_key(const char *key, size_t *len, long *chunk)
{
    *len = strcspn(key, ".");
    *chunk = 0;
    if (*len == 0 || *len > NVRAM_NAME_MAX) {
        return false;
    }
    if (!key[*len]) {
        return true;
    }
    const char *digits = key + *len + 1;
    size_t count = strspn(digits, "0123456789");
    *chunk = strtol(digits, NULL, 10);
    return count > 0 && count < 6 && !digits[count] && digits[0] != '0';
}

static bool take_value(struct reading *reading, const char *name, long chunk,
                       const struct buf *bytes)
{
    if (chunk == 0) {
        nvram_values_set(reading->values, name, buf_bytes(bytes), buf_len(bytes));
        free(reading->last);
        reading->last = mem_string(name);
        reading->chunks = 0;
        return true;
    }
    if (!reading->last || strcmp(reading->last, name) != 0 || chunk != reading->chunks + 1) {
        return false;
    }
    nvram_values_append(reading->values, name, buf_bytes(bytes), buf_len(bytes));
    reading->chunks = chunk;
    return true;
}

static bool entry(void *ctx, const char *section, const char *key, const char *value, int line,
                  char **error)
{
    size_t key_len;
    long chunk;
    if (strchr(section, '.') || strlen(section) > NVRAM_NAME_MAX ||
        !split_key(key, &key_len, &chunk)) {
        *error = mem_printf("line %d: %s.%s is no name for a value", line, section, key);
        return false;
    }
    struct buf bytes = {0};
    bool ok = decode(&bytes, value);
    if (!ok) {
        *error = mem_printf("line %d: a %% that is no code", line);
    } else {
        char *name = mem_printf("%s.%.*s", section, (int)key_len, key);
        ok = take_value(ctx, name, chunk, &bytes);
        if (!ok) {
            *error = mem_printf("line %d: a piece without what it continues", line);
        }
        free(name);
    }
    mem_wipe(bytes.memory, bytes.size);
    buf_free(&bytes);
    return ok;
}

/* Whether the system gives the file, to its end: a bad sector must not be taken for a damaged file.
 * *absent: there is none. */
static bool readable(const char *path, bool *absent)
{
    char bytes[4096];
    ssize_t got = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *absent = fd < 0 && errno == ENOENT;
    while (fd >= 0 && (got = read(fd, bytes, sizeof bytes)) > 0) {
    }
    bool ok = got == 0;
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = error;
    return ok;
}

static bool has_format(const struct nvram_values *values)
{
    const struct nvram_value *format = nvram_values_find(values, NVRAM_FORMAT_NAME);
    return format && strcmp(format->bytes, NVRAM_FORMAT) == 0;
}

enum nvram_loaded nvram_file_load(const char *path, struct nvram_values *values, char **why)
{
    bool absent = false;
    *values = (struct nvram_values){0};
    *why = NULL;
    if (!readable(path, &absent)) {
        if (absent) {
            return NVRAM_ABSENT;
        }
        *why = mem_string(strerror(errno));
        return NVRAM_UNREADABLE;
    }
    struct reading reading = {.values = values};
    bool ok = ini_read(path, entry, &reading, why);
    free(reading.last);
    if (ok && !has_format(values)) {
        *why = mem_printf("%s: no [nvram] format = %s", path, NVRAM_FORMAT);
        ok = false;
    }
    if (!ok) {
        nvram_values_free(values);
        return NVRAM_DAMAGED;
    }
    nvram_values_set(values, NVRAM_FORMAT_NAME, NULL, 0);
    return NVRAM_LOADED;
}
