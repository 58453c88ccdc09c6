#include "daemon/places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

/* systemd gives a list with colons; ours is the first. NULL if unset or empty. */
static char *first_of(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value ? mem_copy(value, strcspn(value, ":")) : NULL;
}

static char *user_state(void)
{
    const char *base = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (geteuid() == 0) {
        return mem_string("/var/lib/atmodemd");
    }
    return base && *base ? mem_printf("%s/atmodemd", base)
                         : mem_printf("%s/.local/state/atmodemd", home ? home : "");
}

void places_find(struct places *places, const char *option)
{
    *places = (struct places){.lock = -1};
    places->state = option ? mem_string(option) : first_of("STATE_DIRECTORY");
    if (!places->state) {
        places->state = user_state();
    }
    places->runtime = first_of("RUNTIME_DIRECTORY");
    if (!places->runtime) {
        places->runtime = mem_string(places->state);
    }
}

void places_free(struct places *places)
{
    free(places->state);
    free(places->runtime);
    if (places->lock >= 0) {
        close(places->lock);
    }
}

/* mkdir -p; what is created is the user's alone. */
static bool make_folder(const char *path, struct log *log)
{
    char *copy = mem_string(path);
    bool ok = true;
    for (char *c = copy + 1; ok && *c; c++) {
        if (*c == '/') {
            *c = '\0';
            ok = mkdir(copy, 0700) == 0 || errno == EEXIST;
            *c = '/';
        }
    }
    ok = ok && (mkdir(copy, 0700) == 0 || errno == EEXIST);
    struct stat status;
    if (ok && stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        ok = false;
    }
    if (!ok) {
        log_error(log, "%s: cannot be created: %s", path, strerror(errno));
    }
    free(copy);
    return ok;
}

static bool take_lock(struct places *places, struct log *log)
{
    char *path = mem_printf("%s/lock", places->state);
    places->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = places->lock >= 0 && flock(places->lock, LOCK_EX | LOCK_NB) == 0;
    if (!ok && errno == EWOULDBLOCK) {
        log_error(log, "%s: another atmodemd runs on this state folder", path);
    } else if (!ok) {
        log_error(log, "%s: %s", path, strerror(errno));
    }
    free(path);
    return ok;
}

bool places_enter(struct places *places, struct log *log)
{
    return make_folder(places->state, log) && make_folder(places->runtime, log) &&
           take_lock(places, log);
}

/* ---- profiles ---- */

static char *in_folder(const char *folder, const char *name)
{
    char *path = mem_printf("%s/%s.ini", folder, name);
    if (access(path, R_OK) == 0) {
        return path;
    }
    free(path);
    return NULL;
}

/* The build tree that the program runs from. */
static char *beside_program(const char *name)
{
    char program[4096];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    char *found = NULL;
    while (len > 0 && !found) {
        program[len] = '\0';
        char *slash = strrchr(program, '/');
        if (!slash) {
            break;
        }
        *slash = '\0';
        len = slash - program;
        char *folder = mem_printf("%s/conf/profiles", program);
        found = in_folder(folder, name);
        free(folder);
    }
    return found;
}

char *places_profile(const char *name)
{
    char *found = NULL;
    const char *given = getenv("ATMODEMD_PROFILES");
    if (given && *given) {
        found = in_folder(given, name);
    }
    if (!found) {
        found = in_folder("/etc/atmodemd/profiles", name);
    }
    if (!found) {
        found = beside_program(name);
    }
    return found ? found : in_folder(ATMODEMD_DATADIR "/profiles", name);
}
