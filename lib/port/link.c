#include "port/link.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

static bool is_link(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

/* "FOLDER/.NAME.new". Always the same one, so that a leftover is used up by the next start. */
static char *temporary_name(const char *link)
{
    const char *slash = strrchr(link, '/');
    int folder = slash ? (int)(slash - link) + 1 : 0;
    return mem_printf("%.*s.%s.new", folder, link, link + folder);
}

static bool make_temporary(const char *name, const char *target)
{
    if (symlink(target, name) == 0) {
        return true;
    }
    return errno == EEXIST && is_link(name) && unlink(name) == 0 && symlink(target, name) == 0;
}

static bool fail(const char *link, struct log *log)
{
    bool no_folder = errno == ENOENT || errno == ENOTDIR;
    log_error(log, "cannot make the link %s: %s", link,
              no_folder ? "its folder does not exist" : strerror(errno));
    return false;
}

bool link_publish(const char *link, const char *target, struct log *log)
{
    if (exists(link) && !is_link(link)) {
        log_error(log, "cannot make the link %s: what is there is not a symbolic link", link);
        return false;
    }
    char *temporary = temporary_name(link);
    bool ok = make_temporary(temporary, target);
    if (!ok) {
        fail(link, log);
    } else if (rename(temporary, link) != 0) {
        ok = fail(link, log);
        unlink(temporary);
    }
    free(temporary);
    return ok;
}

void link_remove(const char *link, const char *target)
{
    char found[PATH_MAX];
    ssize_t len = readlink(link, found, sizeof found);
    if (len == (ssize_t)strlen(target) && memcmp(found, target, (size_t)len) == 0) {
        unlink(link);
    }
}
