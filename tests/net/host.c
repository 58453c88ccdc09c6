#include "tests/net/host.h"

#include "base/mem.h"
#include "tests/support/loop.h"
#include "tests/support/netns.h"

const char host_connected[] =
    "<3>CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:01 completed [id=7 id_str=atmodemd]";

int host_create(void **state)
{
    struct host *host = mem_zeroed(sizeof *host);
    void *air;
    air_create(&air);
    host->air = air;
    host->air->settings.provider = NETWORK_HOST;
    host->air->settings.interface = "lo";
    if (netns_entered()) {
        netns_ip("link set lo up");
    }
    supplicant_start(&host->supplicant, host->air->loop, host->air->folder, "lo");
    *state = host;
    return 0;
}

int host_destroy(void **state)
{
    struct host *host = *state;
    void *air = host->air;
    supplicant_stop(&host->supplicant);
    if (netns_entered()) {
        netns_ip("link del w0 2>/dev/null");
    }
    air_destroy(&air);
    free(host);
    return 0;
}

void host_start(struct host *host)
{
    air_start(host->air);
    air_expect(host->air, 1, 0, 0); /* loopback is there */
}

static bool none_attached(void *ctx)
{
    struct host *host = ctx;
    return supplicant_attached(&host->supplicant) == 0;
}

void host_expect_ended(struct host *host)
{
    assert_true(loop_until(host->air->loop, none_attached, host));
}

void host_expect_quiet(struct host *host)
{
    host_expect_ended(host);
    air_expect_sleep(host->air);
}

void host_expect_trace(struct host *host, const char *trace)
{
    host_expect_quiet(host);
    assert_string_equal(buf_text(&host->supplicant.trace), trace);
    buf_clear(&host->supplicant.trace);
}
