/* load MEASUREMENT ARGUMENT...: one measurement, its numbers on one line of stdout. tests/bench/run
 * runs them. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { TIME_LIMIT_S = 60 };

static const struct {
    const char *name;
    int args;
    const char *usage;
    void (*run)(char **args);
} measurements[] = {
    {"at", 1, "LINK", measure_at},
    {"publish", 3, "LINK BROKER_PORT QOS", measure_publish},
    {"inbound", 3, "LINK BROKER_PORT QOS", measure_inbound},
    {"latency", 4, "LINK SAMPLES INTERVAL_US BROKER_PORT|0", measure_latency},
    {"coap", 2, "LINK SERVER_PORT", measure_coap},
    {"http", 2, "LINK SERVER_PORT", measure_http},
    {"transparent", 1, "up|down", measure_transparent},
    {"serve", 1, "PORT", serve_requests},
    {"start", 2, "LINK PROGRAM [ARGUMENT]...", measure_start},
};

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    alarm(TIME_LIMIT_S);
    for (size_t i = 0; i < sizeof measurements / sizeof *measurements; i++) {
        if (argc > 1 && strcmp(argv[1], measurements[i].name) == 0 &&
            argc - 2 >= measurements[i].args) {
            measurements[i].run(argv + 2);
            return 0;
        }
    }
    for (size_t i = 0; i < sizeof measurements / sizeof *measurements; i++) {
        fprintf(stderr, "load %s %s\n", measurements[i].name, measurements[i].usage);
    }
    return 2;
}
