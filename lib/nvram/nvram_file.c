#include "nvram/nvram_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <iniparser/iniparser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

/* iniparser takes lines of 1022 bytes, the key and " = " among them. */
enum { CHUNK_MAX = 900 };

static bool plain(unsigned char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"';#\\%", c);
}

static void encode(struct buf *out, unsigned char c)
{
    if (plain(c)) {
        buf_add_byte(out, (char)c);
    } else {
        static const char digits[] = "0123456789ABCDEF";
        const char code[] = {'%', digits[c >> 4], digits[c & 15]};
        buf_add(out, code, sizeof code);
    }
}

static bool put(dictionary *ini, const char *section, const char *key, long chunk, struct buf *text)
{
    char *name =
        chunk ? mem_printf("%s:%s.%ld", section, key, chunk) : mem_printf("%s:%s", section, key);
    bool ok = iniparser_set(ini, name, buf_text(text)) == 0;
    buf_clear(text);
    free(name);
    return ok;
}

static bool put_value(dictionary *ini, const char *name, const char *bytes, size_t len)
{
    const char *dot = strchr(name, '.');
    char *section = mem_copy(name, (size_t)(dot - name));
    bool ok = iniparser_find_entry(ini, section) || iniparser_set(ini, section, NULL) == 0;
    struct buf text = {0};
    long chunk = 0;
    for (size_t i = 0; ok && i < len; i++) {
        encode(&text, (unsigned char)bytes[i]);
        if (buf_len(&text) > CHUNK_MAX - 3) {
            ok = put(ini, section, dot + 1, chunk++, &text);
        }
    }
    if (ok && (buf_len(&text) || chunk == 0)) {
        ok = put(ini, section, dot + 1, chunk, &text);
    }
    mem_wipe(text.memory, text.size);
    buf_free(&text);
    free(section);
    return ok;
}

static dictionary *make_ini(const struct nvram_values *values)
{
    dictionary *ini = dictionary_new(0);
    bool ok = ini && put_value(ini, NVRAM_FORMAT_NAME, NVRAM_FORMAT, strlen(NVRAM_FORMAT));
    for (size_t i = 0; ok && i < values->count; i++) {
        const struct nvram_value *value = &values->items[i];
        ok = put_value(ini, value->name, value->bytes, value->len);
    }
    if (!ok) {
        iniparser_freedict(ini);
        errno = ENOMEM;
        return NULL;
    }
    return ini;
}

/* The folder of a path, and what stands behind it. */
static char *folder_of(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    return slash ? mem_copy(path, slash == path ? 1 : (size_t)(slash - path)) : mem_string(".");
}

static bool sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* Writes to the descriptor, which it closes. */
static bool dump(int fd, const dictionary *ini)
{
    FILE *file = fdopen(fd, "w");
    if (!file) {
        close(fd);
        return false;
    }
    iniparser_dump_ini(ini, file);
    bool ok = fflush(file) == 0 && !ferror(file) && fsync(fd) == 0;
    int error = errno;
    fclose(file);
    errno = error;
    return ok;
}

bool nvram_file_save(const char *path, const struct nvram_values *values)
{
    const char *name;
    char *folder = folder_of(path, &name);
    char *temporary = mem_printf("%s/.%s.tmp-XXXXXX", folder, name);
    dictionary *ini = make_ini(values);
    int fd = ini ? mkostemp(temporary, O_CLOEXEC) : -1; /* its mode is 0600 */
    bool ok = fd >= 0 && dump(fd, ini) && rename(temporary, path) == 0;
    int error = errno;
    if (fd >= 0 && !ok) {
        unlink(temporary);
    }
    if (ok && !sync_folder(folder)) {
        error = errno;
        ok = false;
    }
    if (ini) {
        iniparser_freedict(ini);
    }
    free(temporary);
    free(folder);
    errno = error;
    return ok;
}

/* ---- damaged files, left-overs ---- */

/* Renames over nothing. Not every file system knows how: there the lock on the state folder has to
 * do. */
static bool rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return true;
    }
    struct stat status;
    if (errno != EINVAL) {
        return false;
    }
    if (lstat(to, &status) == 0) {
        errno = EEXIST;
        return false;
    }
    return rename(from, to) == 0;
}

char *nvram_file_set_aside(const char *path)
{
    time_t now = time(NULL);
    struct tm utc;
    char stamp[32];
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    for (int i = 0; i < 100; i++) {
        char *aside = i ? mem_printf("%s.damaged-%s-%d", path, stamp, i)
                        : mem_printf("%s.damaged-%s", path, stamp);
        if (rename_new(path, aside)) {
            return aside;
        }
        free(aside);
        if (errno != EEXIST) {
            break;
        }
    }
    return NULL;
}

void nvram_file_clean(const char *path)
{
    const char *name;
    char *folder = folder_of(path, &name);
    char *start = mem_printf(".%s.tmp-", name);
    DIR *entries = opendir(folder);
    for (struct dirent *found; entries && (found = readdir(entries));) {
        if (strncmp(found->d_name, start, strlen(start)) == 0) {
            unlinkat(dirfd(entries), found->d_name, 0);
        }
    }
    if (entries) {
        closedir(entries);
    }
    free(start);
    free(folder);
}
