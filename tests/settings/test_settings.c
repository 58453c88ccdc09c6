/* Tables over structs: defaults, typed values, order of weight, and the messages that a person
 * reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "settings/settings.h"
#include "tests/support/temp.h"

struct line {
    int baud;
    int level;
    int flow;
    bool echo;
    const char *path;
    const char *name;
    const char *password;
    int pin;
};

static bool check_path(const char *value, char *why, size_t why_size)
{
    if (value[0] == '/') {
        return true;
    }
    snprintf(why, why_size, "'%s' does not begin with '/'", value);
    return false;
}

static const char *const flows[] = {"none", "rtscts", NULL};

#define PLACE(member) offsetof(struct line, member)
static const struct setting line_rows[] = {
    {"baud", SETTING_INT, PLACE(baud), 0, 65535, NULL, "9600", "speed", NULL, false},
    {"level", SETTING_INT, PLACE(level), -113, -51, NULL, "-60", "dBm", NULL, false},
    {"flow", SETTING_CHOICE, PLACE(flow), 0, 0, flows, "rtscts", "flow", NULL, false},
    {"echo", SETTING_BOOL, PLACE(echo), 0, 0, NULL, "1", "echo", NULL, false},
    {"path", SETTING_TEXT, PLACE(path), 0, 0, NULL, "/dev/x", "device", check_path, false},
    {"name", SETTING_TEXT, PLACE(name), 0, 8, NULL, "", "name", NULL, false},
    {"password", SETTING_TEXT, PLACE(password), 1, 99, NULL, "/", "pass", check_path, true},
    {"pin", SETTING_INT, PLACE(pin), 0, 9999, NULL, "0", "pin", NULL, true},
};
static const struct settings_group line_group = {
    "line", line_rows, sizeof line_rows / sizeof *line_rows, sizeof(struct line)};

/* A second part with settings in the same section. */
struct extra {
    bool turbo;
};
static const struct setting extra_rows[] = {
    {"turbo", SETTING_BOOL, offsetof(struct extra, turbo), 0, 0, NULL, "0", "fast", NULL, false},
};
static const struct settings_group extra_group = {"line", extra_rows, 1, sizeof(struct extra)};

static const struct settings_group *const groups[] = {&line_group, &extra_group};

static struct settings *make(void)
{
    return settings_create(groups, 2);
}

static void test_defaults(void **state)
{
    (void)state;
    struct settings *settings = make();
    const struct line *line = settings_of(settings, &line_group);
    const struct extra *extra = settings_of(settings, &extra_group);
    assert_int_equal(line->baud, 9600);
    assert_int_equal(line->level, -60);
    assert_int_equal(line->flow, 1);
    assert_true(line->echo);
    assert_string_equal(line->path, "/dev/x");
    assert_string_equal(line->name, "");
    assert_false(extra->turbo);
    assert_false(settings_given(settings, "line", "baud"));
    settings_destroy(settings);
    settings_destroy(NULL);
}

static void set(struct settings *settings, const char *key, const char *value)
{
    char *error = NULL;
    assert_true(settings_set(settings, "line", key, value, "test", &error));
    assert_null(error);
}

static void test_values(void **state)
{
    (void)state;
    struct settings *settings = make();
    const struct line *line = settings_of(settings, &line_group);
    const struct extra *extra = settings_of(settings, &extra_group);
    static const struct {
        const char *text;
        int value;
    } numbers[] = {{"0", 0}, {"65535", 65535}, {"010", 10}, {"7", 7}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        set(settings, "baud", numbers[i].text);
        assert_int_equal(line->baud, numbers[i].value);
    }
    set(settings, "level", "-113");
    assert_int_equal(line->level, -113);
    set(settings, "flow", "none");
    assert_int_equal(line->flow, 0);
    set(settings, "echo", "0");
    assert_false(line->echo);
    set(settings, "name", "12345678");
    set(settings, "name", "");
    set(settings, "name", "abc");
    assert_string_equal(line->name, "abc");
    set(settings, "turbo", "1");
    assert_true(extra->turbo);
    set(settings, "password", "/secret");
    assert_string_equal(line->password, "/secret");

    assert_true(settings_given(settings, "line", "turbo"));
    assert_true(settings_given(settings, "LINE", "Name"));
    assert_false(settings_given(settings, "line", "path"));
    assert_false(settings_given(settings, "line", "nothing"));
    settings_destroy(settings);
}

static void refuse(struct settings *settings, const char *key, const char *value,
                   const char *message)
{
    char *error = NULL;
    assert_false(settings_set(settings, "line", key, value, "FILE:3", &error));
    assert_string_equal(error, message);
    free(error);
}

static void test_refusals_change_nothing(void **state)
{
    (void)state;
    struct settings *settings = make();
    const struct line *line = settings_of(settings, &line_group);
    static const char *const bad_numbers[] = {
        "", "-", "-1", "65536", "+1", " 1", "1 ", "0x10", "1.0", "1e3", "99999999999999999999",
    };
    for (size_t i = 0; i < sizeof bad_numbers / sizeof *bad_numbers; i++) {
        char *message = mem_printf(
            "FILE:3: line.baud: must be a whole number from 0 to 65535, not '%s'", bad_numbers[i]);
        refuse(settings, "baud", bad_numbers[i], message);
        free(message);
    }
    refuse(settings, "level", "-99999999999999999999",
           "FILE:3: line.level: must be a whole number from -113 to -51, not "
           "'-99999999999999999999'");
    refuse(settings, "echo", "yes", "FILE:3: line.echo: must be 0 or 1, not 'yes'");
    refuse(settings, "echo", "10", "FILE:3: line.echo: must be 0 or 1, not '10'");
    refuse(settings, "flow", "both", "FILE:3: line.flow: must be one of none, rtscts, not 'both'");
    refuse(settings, "name", "123456789", "FILE:3: line.name: must have 0 to 8 bytes, has 9");
    refuse(settings, "path", "x", "FILE:3: line.path: 'x' does not begin with '/'");
    refuse(settings, "bauds", "1", "FILE:3: line.bauds: there is no such setting");
    assert_int_equal(line->baud, 9600);
    assert_true(line->echo);
    assert_string_equal(line->path, "/dev/x");
    assert_false(settings_given(settings, "line", "baud"));

    char *error = NULL;
    assert_false(settings_set(settings, "lines", "baud", "1", "FILE:4", &error));
    assert_string_equal(error, "FILE:4: lines.baud: there is no such section");
    free(error);
    settings_destroy(settings);
}

static void test_secrets_stay_out_of_messages(void **state)
{
    (void)state;
    struct settings *settings = make();
    refuse(settings, "password", "", "FILE:3: line.password: must have 1 to 99 bytes, has 0");
    refuse(settings, "pin", "12345", "FILE:3: line.pin: must be a whole number from 0 to 9999");
    refuse(settings, "password", "hunter2", "FILE:3: line.password: not valid");
    char *error = NULL;
    assert_false(settings_set_pair(settings, "password=hunter2", "--set", &error));
    assert_null(strstr(error, "hunter2"));
    free(error);
    settings_destroy(settings);
}

static void test_longest_text(void **state)
{
    (void)state;
    struct settings *settings = make();
    char *text = mem_zeroed(4098);
    memset(text, '/', 4097);
    char *error = NULL;
    assert_false(settings_set(settings, "line", "path", text, "x", &error));
    free(error);
    text[4096] = '\0';
    set(settings, "path", text);
    free(text);
    settings_destroy(settings);
}

static void test_pairs(void **state)
{
    (void)state;
    struct settings *settings = make();
    const struct line *line = settings_of(settings, &line_group);
    char *error = NULL;
    assert_true(settings_set_pair(settings, "line.path=/a=b.c", "--set", &error));
    assert_string_equal(line->path, "/a=b.c");
    assert_true(settings_set_pair(settings, "line.name=", "--set", &error));
    static const char *const bad[] = {"", "line", "line.name", "line=x", "name=x.y"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(settings_set_pair(settings, bad[i], "--set", &error));
        assert_non_null(strstr(error, "must be SECTION.KEY=VALUE"));
        free(error);
    }
    assert_false(settings_set_pair(settings, ".=", "--set", &error));
    assert_string_equal(error, "--set: .: there is no such section");
    free(error);
    settings_destroy(settings);
}

static bool load(struct settings *settings, const char *path, const char *text, char **error)
{
    temp_write(path, text, strlen(text));
    return settings_load(settings, path, error);
}

static void test_later_wins(void **state)
{
    (void)state;
    char *folder = temp_folder();
    char *path = temp_path(folder, "modem.ini");
    struct settings *settings = make();
    const struct line *line = settings_of(settings, &line_group);
    char *error = NULL;
    assert_true(load(settings, path, "[line]\nbaud = 1\nname = profile\n", &error));
    assert_true(load(settings, path, "[Line]\nBAUD = 2 ; as the host\n", &error));
    assert_int_equal(line->baud, 2);
    assert_string_equal(line->name, "profile");
    assert_true(settings_set_pair(settings, "line.baud=3", "--set", &error));
    assert_int_equal(line->baud, 3);
    settings_destroy(settings);
    free(path);
    temp_remove(folder);
}

static void test_messages_of_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"[line]\n\nbaud = x\n", ":3: line.baud: must be a whole number from 0 to 65535, not 'x'"},
        {"[line]\nbuad = 1\n", ":2: line.buad: there is no such setting"},
        {"# c\n[lime]\nbaud = 1\n", ":3: lime.baud: there is no such section"},
        {"[line]\nbaud = 1\nbaud = 2\n", ":3: line.baud: given before in line 2"},
        {"baud = 2\n", ":1: the key 'baud' stands before any [section]"},
    };
    char *folder = temp_folder();
    char *path = temp_path(folder, "modem.ini");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings *settings = make();
        char *error = NULL;
        assert_false(load(settings, path, cases[i].text, &error));
        assert_memory_equal(error, path, strlen(path));
        assert_string_equal(error + strlen(path), cases[i].message);
        free(error);
        settings_destroy(settings);
    }
    free(path);
    temp_remove(folder);
}

static void note_row(void *ctx, const char *section, const struct setting *setting,
                     const char *type, const char *range)
{
    buf_printf(ctx, "%s.%s|%s|%s|%s\n", section, setting->key, type, range, setting->initial);
}

static void test_describe(void **state)
{
    (void)state;
    struct buf list = {0};
    settings_describe(groups, 2, note_row, &list);
    assert_string_equal(buf_text(&list), "line.baud|int|0..65535|9600\n"
                                         "line.level|int|-113..-51|-60\n"
                                         "line.flow|choice|none|rtscts|rtscts\n"
                                         "line.echo|bool|0|1|1\n"
                                         "line.path|text||/dev/x\n"
                                         "line.name|text|0..8 bytes|\n"
                                         "line.password|text|1..99 bytes|/\n"
                                         "line.pin|int|0..9999|0\n"
                                         "line.turbo|bool|0|1|0\n");
    buf_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refusals_change_nothing),
        cmocka_unit_test(test_secrets_stay_out_of_messages),
        cmocka_unit_test(test_longest_text),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_later_wins),
        cmocka_unit_test(test_messages_of_files),
        cmocka_unit_test(test_describe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
