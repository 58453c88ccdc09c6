/* Which back end a path means. */
#include <string.h>

#include "base/log.h"
#include "port/port_backend.h"

struct port *port_open(const struct port_env *env, const struct port_settings *settings,
                       const char *link)
{
    if (strcmp(settings->path, "pty") == 0) {
        return pty_open(env, settings, link);
    }
    if (settings->link[0]) {
        log_warning(env->log, "port.link has no effect: only a PTY has a link");
    }
    if (settings->path[0] == '/') {
        return serial_open(env, settings);
    }
    return tcp_open(env, settings);
}
