/* Provisioning by datagrams: good ones, those of strangers, and those of the program that people
 * send them with (scripts/provision), which has its cryptography from elsewhere. */
#include "tests/net/phone.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/provision_crypto.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

/* ---- datagrams ---- */

static void test_datagram(void **state)
{
    struct phone *phone = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    unsigned char other[PROVISION_SEALED_MAX];
    phone_start(phone);
    assert_true(phone_logged(phone, "credentials are taken at 127.0.0.1:"));
    int port = phone_port(phone);
    size_t len = phone_seal(phone_default_key, phone_good, sealed);
    phone_send(phone, port, sealed, len);
    phone_expect_answer(phone, phone_default_key, sealed, phone_ok);
    phone_expect_given(phone, "Kitchen", "correct horse");
    assert_int_equal(provision_state(phone->provision), PROVISION_IDLE);
    assert_string_equal(provision_address(phone->provision), "");
    assert_false(phone_logged(phone, "horse"));

    /* The answer was lost: it is repeated, and nothing happens twice. Others get nothing. */
    phone_send(phone, port, sealed, len);
    phone_expect_answer(phone, phone_default_key, sealed, phone_ok);
    size_t other_len = phone_seal(phone_default_key, phone_good, other);
    phone_send(phone, port, other, other_len);
    phone_send(phone, port, "", 0);
    phone_expect_no_answer(phone);
    phone_expect_nothing(phone);
    phone_expect_sleep(phone);

    /* A replay in the next provisioning is what docs/provisioning.md says it is. */
    phone_start(phone);
    phone_send(phone, phone_port(phone), sealed, len);
    phone_expect_answer(phone, phone_default_key, sealed, phone_ok);
    phone_expect_given(phone, "Kitchen", "correct horse");
}

static bool is_free(void *port)
{
    return !ports_bound(*(int *)port);
}

static void test_closes_at_last(void **state)
{
    struct phone *phone = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    phone_start(phone);
    int port = phone_port(phone);
    phone_send(phone, port, sealed, phone_seal(phone_default_key, phone_good, sealed));
    phone_expect_given(phone, "Kitchen", "correct horse");
    assert_true(ports_bound(port));
    double before = ev_time();
    assert_true(loop_until_within(phone->loop, is_free, &port, 8.));
    assert_true(ev_time() - before > 4.);
    phone_expect_sleep(phone);
}

static void test_given_key(void **state)
{
    struct phone *phone = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    char key[PROVISION_KEY_LEN];
    memcpy(key, phone_other_key, sizeof key);
    phone->options.key = key;
    phone_start(phone);
    memset(key, 0, sizeof key); /* it was copied */
    phone_send(phone, phone_port(phone), sealed, phone_seal(phone_default_key, phone_good, sealed));
    phone_expect_no_answer(phone);
    assert_true(
        phone_logged(phone, "warning: provisioning: 1 datagrams that the key does not open"));
    phone_send(phone, phone_port(phone), sealed, phone_seal(phone_other_key, phone_good, sealed));
    phone_expect_answer(phone, phone_other_key, sealed, phone_ok);
    phone_expect_given(phone, "Kitchen", "correct horse");
}

static void test_strangers(void **state)
{
    struct phone *phone = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    char noise[2000];
    srand(1);
    phone_start(phone);
    for (int i = 0; i < 500; i++) {
        size_t len = (size_t)rand() % sizeof noise;
        for (size_t k = 0; k < len; k++) {
            noise[k] = (char)rand();
        }
        phone_send(phone, phone_port(phone), noise, len);
        if (i % 50 == 0) {
            loop_wakes(phone->loop, 0.001);
        }
    }
    phone_send(phone, phone_port(phone), "", 0);
    phone_expect_no_answer(phone);
    const char *first = strstr(buf_text(&phone->log_lines), "does not open");
    assert_non_null(first);
    assert_null(strstr(first + 1, "does not open")); /* one line for all */

    phone_send(phone, phone_port(phone), sealed,
               phone_seal(phone_default_key, "{\"ssid\":\"\"}", sealed));
    phone_expect_answer(phone, phone_default_key, sealed, phone_invalid);
    phone_send(phone, phone_port(phone), sealed, phone_seal(phone_default_key, "", sealed));
    phone_expect_answer(phone, phone_default_key, sealed, phone_invalid);
    phone_expect_nothing(phone);
    assert_int_equal(provision_state(phone->provision), PROVISION_BLE);
    phone_send(phone, phone_port(phone), sealed, phone_seal(phone_default_key, phone_good, sealed));
    phone_expect_answer(phone, phone_default_key, sealed, phone_ok);
    phone_expect_given(phone, "Kitchen", "correct horse");
}

static void test_only_while_provisioning(void **state)
{
    struct phone *phone = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    int port = ports_free();
    char listen[32];
    snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
    phone->settings.listen = listen;
    assert_false(ports_bound(port));
    phone_send(phone, port, sealed, phone_seal(phone_default_key, phone_good, sealed));
    phone_start(phone);
    assert_int_equal(phone_port(phone), port);
    phone_expect_nothing(phone); /* what came before is gone */
    phone_start(phone);          /* the port is its own: it is taken again at once */
    assert_int_equal(phone_port(phone), port);
    phone_send(phone, port, sealed, phone_seal(phone_default_key, phone_good, sealed));
    phone_expect_given(phone, "Kitchen", "correct horse");
    phone_start(phone); /* also while answers are still repeated */
    assert_int_equal(phone_port(phone), port);
}

/* ---- the program ---- */

struct program {
    pid_t pid;
    int fd; /* what it says, stderr too */
    ev_io io;
    struct buf text;
    bool ended;
};

static void on_text(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct program *program = io->data;
    char bytes[512];
    ssize_t got = read(program->fd, bytes, sizeof bytes);
    if (got > 0) {
        buf_add(&program->text, bytes, (size_t)got);
    } else {
        program->ended = true;
        ev_io_stop(loop, io);
    }
}

static bool program_ended(void *ctx)
{
    return ((struct program *)ctx)->ended;
}

/* Its exit status; what it has said is in text, for free(). */
static int run_program(struct phone *phone, const char *const *arguments, char **text)
{
    struct program program = {.fd = -1};
    const char *argv[12] = {"/usr/bin/python3", "scripts/provision"};
    for (size_t i = 0; arguments[i]; i++) {
        argv[i + 2] = arguments[i];
    }
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    program.pid = fork();
    if (program.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(ends[1]);
    program.fd = ends[0];
    ev_io_init(&program.io, on_text, program.fd, EV_READ);
    program.io.data = &program;
    ev_io_start(phone->loop, &program.io);
    bool ended = loop_until(phone->loop, program_ended, &program);
    if (!ended) {
        kill(program.pid, SIGKILL);
    }
    int status = 0;
    waitpid(program.pid, &status, 0);
    ev_io_stop(phone->loop, &program.io);
    close(program.fd);
    *text = mem_string(buf_text(&program.text));
    buf_free(&program.text);
    assert_true(ended);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_program(void **state)
{
    struct phone *phone = *state;
    char *text;
    char address[80];

    phone_start(phone);
    snprintf(address, sizeof address, "%s", provision_address(phone->provision));
    const char *plain[] = {address, "Küche", "correct \"horse\"", NULL};
    assert_int_equal(run_program(phone, plain, &text), 0);
    assert_string_equal(text, "ok\n");
    free(text);
    phone_expect_given(phone, "Küche", "correct \"horse\"");

    phone->options.key = phone_other_key;
    phone_start(phone);
    snprintf(address, sizeof address, "%s", provision_address(phone->provision));
    const char *invalid_name[] = {"--key", phone_other_key, address,
                                  "a name that is much longer than thirty-two bytes", NULL};
    assert_int_equal(run_program(phone, invalid_name, &text), 1);
    assert_string_equal(text, "invalid\n");
    free(text);
    const char *keyed[] = {"--key-hex", "31323334353637383930616263646566", address, "Cafe", NULL};
    assert_int_equal(run_program(phone, keyed, &text), 0);
    free(text);
    phone_expect_given(phone, "Cafe", "");

    const char *short_key[] = {"--key", "123", address, "Cafe", NULL};
    assert_int_equal(run_program(phone, short_key, &text), 2);
    free(text);
}

static void test_program_without_answer(void **state)
{
    struct phone *phone = *state;
    char *text;
    char address[80];
    phone_start(phone);
    snprintf(address, sizeof address, "%s", provision_address(phone->provision));
    const char *wrong_key[] = {"--key", phone_other_key, address, "Cafe", NULL};
    assert_int_equal(run_program(phone, wrong_key, &text), 1);
    assert_non_null(strstr(text, "no answer"));
    free(text);
    phone_expect_nothing(phone);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, phone_create, phone_destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_datagram),
        TEST(test_closes_at_last),
        TEST(test_given_key),
        TEST(test_strangers),
        TEST(test_only_while_provisioning),
        TEST(test_program),
        TEST(test_program_without_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
