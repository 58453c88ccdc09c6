#include "tests/support/netns.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static bool entered;

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!write(fd, text, strlen(text));
        close(fd);
    }
}

bool netns_enter(void)
{
    char map[64];
    snprintf(map, sizeof map, "0 %u 1", (unsigned)geteuid());
    if (unshare(CLONE_NEWNET) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
            return false;
        }
        prctl(PR_SET_DUMPABLE, 1);
        write_file("/proc/self/uid_map", map);
    }
    entered = true;
    return true;
}

bool netns_entered(void)
{
    return entered;
}

bool netns_ip(const char *arguments, ...)
{
    char command[256] = "PATH=$PATH:/usr/sbin:/sbin exec ip ";
    size_t len = strlen(command);
    va_list args;
    va_start(args, arguments);
    vsnprintf(command + len, sizeof command - len, arguments, args);
    va_end(args);
    return system(command) == 0; /* NOLINT(bugprone-command-processor): the test's own words */
}
