/* Attach and PDP contexts, and what they mean for the network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/network.h"
#include "net/pdp.h"

static const struct network_settings home = {.registration = NETWORK_HOME, .rssi = -71};

struct bench {
    struct network *network;
    struct pdp *pdp;
};

static int setup(void **state)
{
    static struct bench bench;
    bench.network = network_create(&home, true);
    bench.pdp = pdp_create(bench.network);
    *state = &bench;
    return 0;
}

static int teardown(void **state)
{
    const struct bench *bench = *state;
    pdp_destroy(bench->pdp);
    network_destroy(bench->network);
    pdp_destroy(NULL);
    return 0;
}

static void test_at_boot(void **state)
{
    const struct bench *bench = *state;
    assert_true(pdp_attached(bench->pdp));
    assert_true(pdp_active(bench->pdp, 1));
    assert_string_equal(pdp_context(bench->pdp, 1)->type, "IP");
    assert_string_equal(pdp_context(bench->pdp, 1)->apn, "");
    for (int cid = -1; cid <= PDP_CONTEXTS_MAX + 1; cid++) {
        assert_int_equal(pdp_context(bench->pdp, cid) != NULL, cid == 1);
        assert_int_equal(pdp_active(bench->pdp, cid), cid == 1);
    }
    assert_true(network_usable(bench->network));
}

static void test_detached(void **state)
{
    const struct bench *bench = *state;
    assert_true(pdp_attach(bench->pdp, false));
    assert_false(pdp_attached(bench->pdp));
    assert_false(pdp_active(bench->pdp, 1));
    assert_false(pdp_activate(bench->pdp, 1, true));
    assert_false(network_usable(bench->network));
    assert_int_equal(network_registration(bench->network), NETWORK_HOME);
    assert_true(pdp_attach(bench->pdp, true)); /* which brings the first context */
    assert_true(pdp_active(bench->pdp, 1));
    assert_true(network_usable(bench->network));
    assert_true(pdp_activate(bench->pdp, 1, false));
    assert_true(pdp_attach(bench->pdp, true)); /* it is attached already: nothing changes */
    assert_false(pdp_active(bench->pdp, 1));
    assert_false(network_usable(bench->network));
}

/* Without registration nobody is attached; with it the module is again, by itself. */
static void test_registration(void **state)
{
    const struct bench *bench = *state;
    network_set_registration(bench->network, NETWORK_DENIED);
    assert_false(pdp_attached(bench->pdp));
    assert_false(pdp_active(bench->pdp, 1));
    assert_false(pdp_attach(bench->pdp, true));
    assert_false(pdp_activate(bench->pdp, 1, true));
    network_set_registration(bench->network, NETWORK_ROAMING);
    assert_true(pdp_attached(bench->pdp));
    assert_true(pdp_active(bench->pdp, 1));
    network_set_radio(bench->network, false);
    assert_false(pdp_attached(bench->pdp));
    assert_true(pdp_attach(bench->pdp, false));
    network_set_radio(bench->network, true);
    assert_false(pdp_attached(bench->pdp));
}

static void test_contexts(void **state)
{
    const struct bench *bench = *state;
    pdp_define(bench->pdp, PDP_CONTEXTS_MAX, "IPV4V6", "internet");
    assert_string_equal(pdp_context(bench->pdp, PDP_CONTEXTS_MAX)->type, "IPV4V6");
    assert_string_equal(pdp_context(bench->pdp, PDP_CONTEXTS_MAX)->apn, "internet");
    assert_false(pdp_active(bench->pdp, PDP_CONTEXTS_MAX));
    assert_true(pdp_activate(bench->pdp, PDP_CONTEXTS_MAX, true));
    assert_true(pdp_activate(bench->pdp, 1, false));
    assert_true(network_usable(bench->network)); /* one is enough */
    pdp_undefine(bench->pdp, PDP_CONTEXTS_MAX);
    assert_null(pdp_context(bench->pdp, PDP_CONTEXTS_MAX));
    assert_false(network_usable(bench->network));
    assert_false(pdp_activate(bench->pdp, PDP_CONTEXTS_MAX, true));
    assert_false(pdp_activate(bench->pdp, 0, true));
    assert_false(pdp_activate(bench->pdp, PDP_CONTEXTS_MAX + 1, false));
    pdp_define(bench->pdp, 1, "IP", "cmnet");
    pdp_reset(bench->pdp);
    assert_string_equal(pdp_context(bench->pdp, 1)->apn, "");
    assert_true(network_usable(bench->network));
}

static void count(void *ctx)
{
    ++*(int *)ctx;
}

static void test_listeners_hear_of_it(void **state)
{
    const struct bench *bench = *state;
    int heard = 0;
    struct network_listener listener = {.changed = count, .ctx = &heard};
    network_listen(bench->network, &listener);
    pdp_define(bench->pdp, 2, "IP", "");
    pdp_activate(bench->pdp, 2, true);
    pdp_activate(bench->pdp, 1, false);
    assert_int_equal(heard, 0);
    pdp_activate(bench->pdp, 2, false);
    assert_int_equal(heard, 1);
    pdp_attach(bench->pdp, false);
    assert_int_equal(heard, 1);
    pdp_attach(bench->pdp, true);
    assert_int_equal(heard, 2);
    network_unlisten(bench->network, &listener);
}

/* Nothing is there of itself. */
static void test_gprs(void **state)
{
    const struct bench *bench = *state;
    pdp_set_gprs(bench->pdp);
    assert_false(pdp_attached(bench->pdp));
    assert_null(pdp_context(bench->pdp, 1));
    assert_false(network_usable(bench->network));
    pdp_define(bench->pdp, 1, "IP", "");
    assert_true(pdp_attach(bench->pdp, true));
    assert_true(pdp_attached(bench->pdp));
    assert_false(pdp_active(bench->pdp, 1));
    assert_false(network_usable(bench->network));
    assert_true(pdp_activate(bench->pdp, 1, true));
    assert_true(network_usable(bench->network));
    pdp_reset(bench->pdp);
    assert_false(pdp_attached(bench->pdp));
    assert_null(pdp_context(bench->pdp, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_at_boot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_detached, setup, teardown),
        cmocka_unit_test_setup_teardown(test_registration, setup, teardown),
        cmocka_unit_test_setup_teardown(test_contexts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gprs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_listeners_hear_of_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
