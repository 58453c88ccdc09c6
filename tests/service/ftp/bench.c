#include "tests/service/ftp/bench.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/support/logged.h"
#include "tests/support/loop.h"
#include "tests/support/temp.h"

/* ---- events ---- */

static void note(struct bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *outcome_text(enum ftp_outcome outcome)
{
    static const char *const texts[] = {
        [FTP_DONE] = "done",       [FTP_REFUSED] = "refused", [FTP_NETWORK] = "network",
        [FTP_RESOLVE] = "resolve", [FTP_CONNECT] = "connect", [FTP_TIMEOUT] = "timeout",
        [FTP_GARBAGE] = "garbage", [FTP_LOST] = "lost",       [FTP_DATA] = "data",
        [FTP_ABORTED] = "aborted",
    };
    return texts[outcome];
}

static void note(struct bench *bench, const char *format, ...)
{
    char line[400];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert_false(bench->in_call);
    buf_printf(&bench->lines, "%s\n", line);
    if (bench->die && strncmp(line, bench->die, strlen(bench->die)) == 0) {
        ftp_destroy(bench->ftp);
        bench->ftp = NULL;
    }
    if (bench->cut && strncmp(line, bench->cut, strlen(bench->cut)) == 0) {
        bench->cut = NULL;
        ftp_abort(bench->ftp);
    }
}

static void on_done(void *ctx, const struct ftp_result *result)
{
    assert_true(*result->why);
    note(ctx, "done %s %d %lld", outcome_text(result->outcome), result->code,
         (long long)result->size);
}

static size_t on_data(void *ctx, const char *bytes, size_t len)
{
    struct bench *bench = ctx;
    size_t taken = len < bench->room ? len : bench->room;
    bench->room -= taken;
    for (size_t i = 0; bench->silent && i < taken; i++) {
        assert_int_equal(bytes[i], bench_byte(bench->got + i));
    }
    bench->got += taken;
    if (!bench->silent && taken) {
        note(bench, "data %.*s", (int)taken, bytes);
    }
    return taken;
}

static void put_pattern(struct bench *bench)
{
    char piece[8192];
    size_t len = 0;
    size_t taken = 0;
    while (bench->left && taken == len) {
        len = bench->left < sizeof piece ? (size_t)bench->left : sizeof piece;
        for (size_t i = 0; i < len; i++) {
            piece[i] = bench_byte(bench->put + i);
        }
        taken = ftp_put(bench->ftp, piece, len);
        bench->put += taken;
        bench->left -= taken;
    }
    if (!bench->left) {
        assert_true(ftp_put_end(bench->ftp));
    }
}

static void on_writable(void *ctx)
{
    struct bench *bench = ctx;
    if (bench->silent) {
        put_pattern(bench);
    } else {
        note(bench, "writable");
    }
}

static void on_closed(void *ctx, enum ftp_outcome outcome)
{
    note(ctx, "closed %s", outcome_text(outcome));
}

static const struct ftp_events events = {on_done, on_data, on_writable, on_closed};

/* ---- life ---- */

int bench_setup(void **state)
{
    static const struct network_settings settings = {.rssi = -70, .ip = "10.0.0.2"};
    struct bench *bench = mem_zeroed(sizeof *bench);
    bench->loop = ev_loop_new(EVFLAG_AUTO);
    bench->network = network_create(&settings, true);
    bench->env.loop = bench->loop;
    bench->env.resolver = resolver_create(bench->loop, NULL);
    bench->env.network = bench->network;
    bench->env.log = logged_create(&bench->log_lines);
    log_set_level(bench->env.log, LEVEL_BYTES);
    bench->room = SIZE_MAX;
    bench->folder = temp_folder();
    bench->options =
        (struct ftp_options){.host = "127.0.0.1", .connect_timeout_ms = 5000, .timeout_ms = 5000};
    bench->ftp = ftp_create(&bench->env, &events, bench);
    *state = bench;
    return 0;
}

static void stop_server(struct bench *bench)
{
    if (bench->server) {
        kill(bench->server, SIGKILL);
        waitpid(bench->server, NULL, 0);
        bench->server = 0;
    }
}

int bench_teardown(void **state)
{
    struct bench *bench = *state;
    ftp_destroy(bench->ftp);
    stop_server(bench);
    network_destroy(bench->network);
    resolver_destroy(bench->env.resolver);
    log_destroy(bench->env.log);
    ev_loop_destroy(bench->loop);
    temp_remove(bench->folder);
    buf_free(&bench->lines);
    buf_free(&bench->log_lines);
    free(bench);
    return 0;
}

void bench_server(struct bench *bench, const char *mode, const char *address)
{
    int output[2];
    char port[16] = "";
    stop_server(bench);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    bench->server = fork();
    if (bench->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(output[1], STDOUT_FILENO);
        execl("/usr/bin/python3", "/usr/bin/python3", "-W", "ignore",
              "tests/service/ftp/ftp_server.py", mode, bench->folder, address, (char *)NULL);
        _exit(127);
    }
    close(output[1]);
    for (size_t len = 0; !strchr(port, '\n'); len++) {
        assert_true(len < sizeof port - 1 && read(output[0], port + len, 1) == 1);
    }
    close(output[0]);
    bench->options.port = atoi(port);
    bench->options.host = address;
}

void bench_login(struct bench *bench, const char *user, const char *password)
{
    BENCH_CALL(bench, ftp_open(bench->ftp, &bench->options));
    bench_expect(bench, "done done 220 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_GREETED);
    BENCH_CALL(bench, ftp_login(bench->ftp, user, password));
    bench_expect(bench, "done done 230 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_READY);
}

static bool has_line(void *ctx)
{
    struct bench *bench = ctx;
    return buf_len(&bench->lines) > 0;
}

void bench_expect(struct bench *bench, const char *format, ...)
{
    char expected[400];
    va_list args;
    va_start(args, format);
    vsnprintf(expected, sizeof expected, format, args);
    va_end(args);
    bool came = loop_until(bench->loop, has_line, bench);
    const char *lines = buf_text(&bench->lines);
    size_t len = strcspn(lines, "\n");
    if (!came || strncmp(lines, expected, strlen(expected)) != 0) {
        print_error("expected '%s', got '%.*s'\n%s", expected, (int)len, lines,
                    buf_text(&bench->log_lines));
        fail_msg("another event");
    }
    buf_take(&bench->lines, len + 1);
}

void bench_quiet(struct bench *bench, double seconds)
{
    loop_until_within(bench->loop, loop_never, NULL, seconds);
    assert_string_equal(buf_text(&bench->lines), "");
}

bool bench_logged(struct bench *bench, const char *text)
{
    return strstr(buf_text(&bench->log_lines), text) != NULL;
}

/* ---- files ---- */

char bench_byte(uint64_t i)
{
    return (char)((i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff);
}

void bench_write(struct bench *bench, const char *name, const char *text)
{
    char *path = temp_path(bench->folder, name);
    temp_write(path, text, strlen(text));
    free(path);
}

void bench_write_pattern(struct bench *bench, const char *name, uint64_t len)
{
    char *path = temp_path(bench->folder, name);
    FILE *file = fopen(path, "w");
    for (uint64_t i = 0; i < len; i++) {
        putc(bench_byte(i), file);
    }
    fclose(file);
    free(path);
}

void bench_file_is(struct bench *bench, const char *name, const char *text)
{
    size_t len = 0;
    char *path = temp_path(bench->folder, name);
    char *bytes = temp_read(path, &len);
    assert_non_null(bytes);
    assert_string_equal(bytes, text);
    assert_int_equal(len, strlen(text));
    free(bytes);
    free(path);
}
