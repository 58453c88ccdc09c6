#include "tests/support/ports.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static bool is_free(int type, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    bool ok = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return ok;
}

int ports_free(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    unsigned seed = (unsigned)now.tv_nsec ^ ((unsigned)getpid() << 8);
    int port;
    do {
        port = 20000 + rand_r(&seed) % 10000;
    } while (!is_free(SOCK_STREAM, port) || !is_free(SOCK_DGRAM, port));
    return port;
}

/* proc_net_tcp(5): the local address, then the remote one, then the state. */
static bool in_table(const char *path, int port, const char *state)
{
    char line[256];
    char entry[64];
    bool found = false;
    snprintf(entry, sizeof entry, ":%04X 00000000:0000 %s", (unsigned)port, state);
    FILE *file = fopen(path, "r");
    while (!found && fgets(line, sizeof line, file)) {
        found = strstr(line, entry) != NULL;
    }
    fclose(file);
    return found;
}

bool ports_listening(int port)
{
    return in_table("/proc/net/tcp", port, "0A");
}

bool ports_bound(int port)
{
    return in_table("/proc/net/udp", port, "07");
}

int ports_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder)) {
        count++;
    }
    closedir(folder);
    return count - 3; /* ".", ".." and the folder itself */
}
