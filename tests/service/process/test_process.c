/* Programs: how they start, what they find, how they end by themselves and by force. */
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "base/buf.h"
#include "service/env.h"
#include "service/process/process.h"
#include "tests/support/logged.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

struct bench {
    struct ev_loop *loop;
    struct service_env env;
    struct buf lines;
    struct process *process;
    struct process_options options;
    unsigned ends;
    struct process_end end;
    bool destroy_in_event;
    int pipe[2];
    char why[200];
};

static int setup(void **state)
{
    static struct bench bench;
    bench = (struct bench){.loop = ev_loop_new(EVFLAG_AUTO)};
    bench.env.loop = bench.loop;
    bench.env.log = logged_create(&bench.lines);
    bench.options = (struct process_options){.in = -1, .out = -1, .err = -1, .grace_ms = 10000};
    assert_int_equal(pipe2(bench.pipe, O_CLOEXEC), 0);
    *state = &bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    process_destroy(bench->process);
    log_destroy(bench->env.log);
    ev_loop_destroy(bench->loop);
    buf_free(&bench->lines);
    close(bench->pipe[0]);
    if (bench->pipe[1] >= 0) {
        close(bench->pipe[1]);
    }
    return 0;
}

static void on_ended(void *ctx, const struct process_end *end)
{
    struct bench *bench = ctx;
    bench->ends++;
    bench->end = *end;
    if (bench->destroy_in_event) {
        process_destroy(bench->process);
        bench->process = NULL;
    }
}

static bool has_ended(void *ctx)
{
    struct bench *bench = ctx;
    return bench->ends > 0;
}

static void start_words(struct bench *bench, const char *const *argv)
{
    bench->options.argv = argv;
    bench->process =
        process_start(&bench->env, &bench->options, on_ended, bench, bench->why, sizeof bench->why);
}

static void start(struct bench *bench, const char *script)
{
    start_words(bench, (const char *const[]){"sh", "-c", script, NULL});
    assert_non_null(bench->process);
}

/* All that comes out of the pipe until nobody has its other end. */
static const char *output(struct bench *bench)
{
    static char text[4096];
    size_t len = 0;
    ssize_t got;
    close(bench->pipe[1]);
    bench->pipe[1] = -1;
    while ((got = read(bench->pipe[0], text + len, sizeof text - 1 - len)) > 0) {
        len += (size_t)got;
    }
    text[len] = '\0';
    return text;
}

static void test_ends(void **state)
{
    struct bench *bench = *state;
    start(bench, "exit 0");
    assert_true(process_id(bench->process) > 0);
    assert_int_equal(bench->ends, 0);
    assert_true(loop_until(bench->loop, has_ended, bench));
    assert_true(bench->end.ok);
    process_destroy(bench->process);
    bench->ends = 0;
    start(bench, "exit 3");
    assert_true(loop_until(bench->loop, has_ended, bench));
    assert_false(bench->end.ok);
    assert_int_equal(bench->end.status, 3);
    process_destroy(bench->process);
    bench->ends = 0;
    bench->destroy_in_event = true;
    start(bench, "kill -9 $$");
    assert_true(loop_until(bench->loop, has_ended, bench));
    assert_int_equal(bench->end.signal, SIGKILL);
    assert_int_equal(bench->end.status, -1);
}

static void test_what_cannot_run(void **state)
{
    struct bench *bench = *state;
    start_words(bench, (const char *const[]){"/nowhere/program", NULL});
    assert_null(bench->process);
    assert_non_null(strstr(bench->why, "/nowhere/program: No such file"));
    assert_non_null(strstr(buf_text(&bench->lines), bench->why));
    start_words(bench, (const char *const[]){"/etc/passwd", NULL});
    assert_null(bench->process);
    assert_non_null(strstr(bench->why, "Permission denied"));
}

static void test_what_it_finds(void **state)
{
    struct bench *bench = *state;
    sigset_t set;
    sigset_t before;
    int extra = dup(bench->pipe[0]); /* not to be handed down */
    bench->options.out = bench->pipe[1];
    bench->options.environment = (const char *const[]){"A=b c", "PATH=/usr/bin:/bin", NULL};
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &before);
    signal(SIGPIPE, SIG_IGN);
    start(bench,
          "echo $A; ls /proc/self/fd | tr '\\n' ' '; grep -E 'Sig(Blk|Ign)' /proc/self/status;"
          "[ $(ps -o pgid= $$) = $$ ] && echo own group");
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    const char *text = output(bench);
    close(extra);
    assert_true(strncmp(text, "b c\n0 1 2 3 ", 12) == 0); /* 3 is the folder that ls reads */
    assert_non_null(strstr(text, "0 1 2 3 SigBlk:\t0000000000000000\nSigIgn:\t"));
    /* (The C library keeps 32 and 33 for itself.) */
    assert_int_equal(strtoull(strstr(text, "SigIgn:") + 7, NULL, 16) & 0x7fffffff, 0);
    assert_non_null(strstr(text, "own group"));
}

static void test_pipes(void **state)
{
    struct bench *bench = *state;
    int in[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    bench->options.in = in[0];
    bench->options.out = bench->pipe[1];
    start_words(bench, (const char *const[]){"cat", NULL});
    assert_non_null(bench->process);
    close(in[0]);
    assert_int_equal(write(in[1], "hello", 5), 5);
    close(in[1]);
    assert_string_equal(output(bench), "hello");
    assert_true(loop_until(bench->loop, has_ended, bench));
    assert_true(bench->end.ok);
}

static void test_terminal(void **state)
{
    struct bench *bench = *state;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char name[64];
    char text[200] = "";
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    assert_int_equal(ptsname_r(master, name, sizeof name), 0);
    bench->options.terminal = name;
    start(bench, "tty; echo to it >/dev/tty; read word; echo got $word");
    assert_int_equal(write(master, "x\n", 2), 2);
    for (size_t len = 0; !strstr(text, "got x");) {
        ssize_t got = read(master, text + len, sizeof text - 1 - len);
        assert_true(got > 0);
        len += (size_t)got;
    }
    assert_non_null(strstr(text, name));
    assert_non_null(strstr(text, "to it"));
    assert_true(loop_until(bench->loop, has_ended, bench));
    close(master);
}

/* The pipe is held by the whole group: at its end nobody of it is left. */
static void test_group_is_ended(void **state)
{
    struct bench *bench = *state;
    bench->options.out = bench->pipe[1];
    start(bench, "sleep 1000 & trap 'echo told; exit' TERM; echo up; wait");
    char up[3];
    assert_int_equal(read(bench->pipe[0], up, 3), 3);
    process_destroy(bench->process);
    bench->process = NULL;
    assert_string_equal(output(bench), "told\n");
    assert_int_equal(bench->ends, 0);
}

static void test_a_stubborn_one(void **state)
{
    struct bench *bench = *state;
    bench->options.out = bench->pipe[1];
    bench->options.grace_ms = 50;
    start(bench, "trap '' TERM; echo up; while :; do sleep 1000; done");
    char up[3];
    assert_int_equal(read(bench->pipe[0], up, 3), 3);
    process_destroy(bench->process);
    bench->process = NULL;
    assert_string_equal(output(bench), "");
}

static void test_no_descriptor_is_left(void **state)
{
    struct bench *bench = *state;
    int before = ports_descriptors();
    for (int i = 0; i < 20; i++) {
        bench->ends = 0;
        start(bench, "exit 1");
        assert_true(loop_until(bench->loop, has_ended, bench));
        process_destroy(bench->process);
        bench->process = NULL;
    }
    assert_int_equal(ports_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* first: what ends a destroyed one may have a descriptor for a moment longer */
        cmocka_unit_test_setup_teardown(test_no_descriptor_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_run, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_it_finds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pipes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_group_is_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_stubborn_one, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
