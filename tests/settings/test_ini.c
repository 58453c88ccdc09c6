/* What ini_read() takes, what it refuses, and with which words. Everything that iniparser alone
 * would take silently and differently from what a person sees must be refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "settings/ini.h"
#include "tests/support/temp.h"

static int make_folder(void **state)
{
    *state = temp_folder();
    return 0;
}

static int remove_folder(void **state)
{
    temp_remove(*state);
    return 0;
}

static bool note_entry(void *ctx, const char *section, const char *key, const char *value, int line,
                       char **error)
{
    (void)error;
    buf_printf(ctx, "%d %s.%s=<%s>\n", line, section, key, value);
    return true;
}

/* Reads text as a file; returns the entries or, without its path, the message. */
static char *read_text(const char *folder, const void *text, size_t len)
{
    char *path = temp_path(folder, "x.ini");
    temp_write(path, text, len);
    struct buf entries = {0};
    char *error = NULL;
    char *result;
    if (ini_read(path, note_entry, &entries, &error)) {
        assert_null(error);
        result = mem_string(buf_text(&entries));
    } else {
        assert_non_null(error);
        assert_memory_equal(error, path, strlen(path));
        result = mem_string(error + strlen(path));
        free(error);
    }
    buf_free(&entries);
    free(path);
    return result;
}

static void expect(void **state, const char *text, const char *expected)
{
    char *got = read_text(*state, text, strlen(text));
    assert_string_equal(got, expected);
    free(got);
}

static void test_reads_what_people_write(void **state)
{
    expect(state, "", "");
    expect(state, "\n\n# nothing\n; at all\n  # indented\n[empty]\n", "");
    expect(state, "[a]\nx = 1\n", "2 a.x=<1>\n");
    expect(state, "[a]\nx=1", "2 a.x=<1>\n");
    expect(state, "[a]\r\nx = 1\r\n\r\ny=2\r\n", "2 a.x=<1>\n4 a.y=<2>\n");
    expect(state, "[A]\nXy = Zz\n", "2 a.xy=<Zz>\n");
    expect(state, " [ a ] \n\t x \t=\t 1 \t\n", "2 a.x=<1>\n");
    expect(state, "[aliyun-wifi]\nice_cream.x-1=\n", "2 aliyun-wifi.ice_cream.x-1=<>\n");
    expect(state, "[a]\nx=1\n[b]\nx=2\n[a]\ny=3\n", "2 a.x=<1>\n4 b.x=<2>\n6 a.y=<3>\n");
    expect(state, "[a]\nx = one two  three ; four\n", "2 a.x=<one two  three>\n");
    expect(state, "[a]\nx = 1 # one\ny = # none\n", "2 a.x=<1>\n3 a.y=<>\n");
    expect(state, "[a]\nx = \xc3\xa9 = \"q\" it's [z] {\"k\":1}\n",
           "2 a.x=<\xc3\xa9 = \"q\" it's [z] {\"k\":1}>\n");
    expect(state, "[a]\nx = C:\\dir\\file\n", "2 a.x=<C:\\dir\\file>\n");
    expect(state, "[a]\nx==1\n", "2 a.x=<=1>\n");
}

static void test_quoted_values_are_whole(void **state)
{
    expect(state, "[a]\nx = \" a;b # c \" ; comment\n", "2 a.x=< a;b # c >\n");
    expect(state, "[a]\nx = 'say \"a;b\"'\n", "2 a.x=<say \"a;b\">\n");
    expect(state, "[a]\nx = \"\"\ny = ''\nz = \"\" # \"\n", "2 a.x=<>\n3 a.y=<>\n4 a.z=<>\n");
    expect(state, "[a]\nx = \"end\\\"\ny = 1\n", "2 a.x=<end\\>\n3 a.y=<1>\n");
}

static void test_refuses_what_iniparser_loses(void **state)
{
    expect(state, "\nx = 1\n[a]\n", ":2: the key 'x' stands before any [section]");
    expect(state, "[a]\nx = 1\ny = 2\nX = 3\n", ":4: a.x: given before in line 2");
    expect(state, "[a]\nx = 1\n[b]\n[A]\nx = 1\n", ":5: a.x: given before in line 2");
    const char *cut = ":2: a.x: ';' and '#' begin a comment: put the value in double quotes";
    expect(state, "[a]\nx = one;two\n", cut);
    expect(state, "[a]\nx = http://host/#top\n", cut);
    expect(state, "[a]\nx =#fff\n", cut);
    expect(state, "[a]\nx = say \"a;b\"\n", cut);
    expect(state, "[a]\nx = \"abc\ny = 1\n", ":2: a.x: the quote never closes");
    expect(state, "[a]\nx = '\n", ":2: a.x: the quote never closes");
    expect(state, "[a]\nx = \"a\" b\n", ":2: a.x: text follows the closing quote");
    expect(state, "[a]\nx = \"a\\\"b\"\n", ":2: a.x: text follows the closing quote");
    expect(state, "[a]\nx = \"a\"#b\n", ":2: a.x: text follows the closing quote");
    expect(state, "[a]\nx = \"\" b\n", ":2: a.x: text follows the closing quote");
    const char *swallow = ":2: a backslash at the end would swallow the next line";
    expect(state, "[a]\nx = 1\\\ny = 2\n", swallow);
    expect(state, "[a]\n# see C:\\  \ny = 2\n", swallow);
    const char *neither = ":2: neither a section, nor KEY = VALUE, nor a comment";
    expect(state, "[a]\nx\n", neither);
    expect(state, "[a]\nx: 1\n", neither);
    const char *name = ":2: a key's name is made of letters, digits, '_', '-' and '.'";
    expect(state, "[a]\n= 1\n", name);
    expect(state, "[a]\nx y = 1\n", name);
    expect(state, "[a]\nx:y = 1\n", name);
    expect(state, "[a]\nx\xc3\xa9 = 1\n", name);
    expect(state, "[a\nx = 1\n", ":1: a section needs ']'");
    expect(state, "[a] ; b = 1\n", ":1: nothing may follow a section on its line");
    expect(state, "[a][b]\n", ":1: nothing may follow a section on its line");
    const char *section = ":1: a section's name is made of letters, digits, '_', '-' and '.'";
    expect(state, "[]\n", section);
    expect(state, "[a:b]\n", section);
    expect(state, "\xef\xbb\xbf[a]\n",
           ":1: begins with a byte order mark: save the file without it");
    expect(state, "[a]\nx = 1\x0b\n", ":2: holds a control character");
    expect(state, "[a]\rx = 1\r", ":1: holds a control character");
}

static void test_refuses_nul(void **state)
{
    static const char text[] = "[a]\nx = 1\n\0\n";
    char *got = read_text(*state, text, sizeof text - 1);
    assert_string_equal(got, ":3: holds a NUL byte");
    free(got);
}

/* "[a]\nx = vvv...\n" whose second line has len bytes. */
static char *long_line(size_t len, const char *end)
{
    char *line = mem_zeroed(len + 1);
    memset(line, 'v', len);
    memcpy(line, "x = ", 4);
    char *text = mem_printf("[a]\n%s%s", line, end);
    free(line);
    return text;
}

static void test_longest_line(void **state)
{
    static const char *const ends[] = {"\n", "", "\ny = 1\n"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *text = long_line(1022, ends[i]);
        char *got = read_text(*state, text, strlen(text));
        assert_memory_equal(got, "2 a.x=<v", 8);
        assert_non_null(strstr(got, ">\n"));
        assert_int_equal(strstr(got, ">\n") - got, 7 + 1018);
        free(got);
        free(text);

        text = long_line(1023, ends[i]);
        expect(state, text, ":2: longer than 1022 bytes");
        free(text);
    }
}

static void test_unreadable(void **state)
{
    struct {
        const char *name;
        const char *reason;
    } cases[] = {
        {"missing", ": No such file or directory"},
        {".", ": not a file"},
        {"fifo", ": not a file"},
        {"loop", ": Too many levels of symbolic links"},
    };
    char *fifo = temp_path(*state, "fifo");
    char *loop = temp_path(*state, "loop");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(symlink("loop", loop), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = temp_path(*state, cases[i].name);
        char *error = NULL;
        assert_false(ini_read(path, note_entry, NULL, &error));
        assert_string_equal(error + strlen(path), cases[i].reason);
        free(error);
        free(path);
    }
    free(fifo);
    free(loop);
}

static bool refuse_second(void *ctx, const char *section, const char *key, const char *value,
                          int line, char **error)
{
    (void)section;
    (void)key;
    (void)value;
    (void)line;
    if (++*(int *)ctx < 2) {
        return true;
    }
    *error = mem_string("no more");
    return false;
}

static void test_entry_stops_the_read(void **state)
{
    char *path = temp_path(*state, "x.ini");
    temp_write(path, "[a]\nx=1\ny=2\nz=3\n", 16);
    int calls = 0;
    char *error = NULL;
    assert_false(ini_read(path, refuse_second, &calls, &error));
    assert_string_equal(error, "no more");
    assert_int_equal(calls, 2);
    free(error);
    free(path);
}

/* Whatever bytes come: entries, or a message that names a line of the file. */
static void test_any_bytes(void **state)
{
    static const char alphabet[] = "[]=;#\"'\\\n\n \tax.:-\r\x80\0";
    unsigned seed = 1;
    for (int round = 0; round < 3000; round++) {
        char text[60];
        size_t len = (size_t)(rand_r(&seed) % (int)sizeof text);
        for (size_t i = 0; i < len; i++) {
            text[i] = alphabet[rand_r(&seed) % (int)(sizeof alphabet - 1)];
        }
        char *got = read_text(*state, text, len);
        int line = 0;
        if (sscanf(got, ":%d: ", &line) == 1) {
            assert_in_range(line, 1, len);
        } else if (got[0]) {
            assert_int_equal(sscanf(got, "%d ", &line), 1);
        }
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_people_write),
        cmocka_unit_test(test_quoted_values_are_whole),
        cmocka_unit_test(test_refuses_what_iniparser_loses),
        cmocka_unit_test(test_refuses_nul),
        cmocka_unit_test(test_longest_line),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_entry_stops_the_read),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
