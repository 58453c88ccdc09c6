#include "settings/ini_scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* iniparser's line buffer holds 1024 bytes with the newline and the NUL. */
enum { LINE_BYTES_MAX = 1022 };

struct span {
    const char *at;
    size_t len;
};

struct scan {
    const char *path;
    int line;
    char *section; /* NULL before the first one */
    struct ini_keys *keys;
    char **error;
};

static bool fail(const struct scan *scan, const char *reason)
{
    *scan->error = mem_printf("%s:%d: %s", scan->path, scan->line, reason);
    return false;
}

static bool fail_key(const struct scan *scan, const char *key, const char *reason)
{
    *scan->error =
        mem_printf("%s:%d: %s.%s: %s", scan->path, scan->line, scan->section, key, reason);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trim(struct span s)
{
    while (s.len && is_blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len && is_blank(s.at[s.len - 1])) {
        s.len--;
    }
    return s;
}

/* A section's or key's name in lower case, or NULL if it holds what no name of ours holds (which
 * iniparser would lose on the way, such as ':'). The caller frees. */
static char *fold_name(struct span s)
{
    if (s.len == 0) {
        return NULL;
    }
    char *name = mem_copy(s.at, s.len);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c >= 0x80 || (!isalnum(c) && !strchr("_.-", c))) {
            free(name);
            return NULL;
        }
        name[i] = (char)tolower(c);
    }
    return name;
}

static bool scan_section(struct scan *scan, struct span line)
{
    const char *close = memchr(line.at, ']', line.len);
    if (!close) {
        return fail(scan, "a section needs ']'");
    }
    size_t len = (size_t)(close - line.at) + 1;
    if (len != line.len) {
        /* iniparser would take the line for a key. */
        return fail(scan, "nothing may follow a section on its line");
    }
    char *name = fold_name(trim((struct span){line.at + 1, len - 2}));
    if (!name) {
        return fail(scan, "a section's name is made of letters, digits, '_', '-' and '.'");
    }
    free(scan->section);
    scan->section = name;
    return true;
}

/* What stands behind the closing quote of a value. */
static bool only_comment(struct span rest)
{
    struct span trimmed = trim(rest);
    return trimmed.len == 0 ||
           (trimmed.at != rest.at && (trimmed.at[0] == ';' || trimmed.at[0] == '#'));
}

/* value begins with its quote. */
static const char *quoted_fault(struct span value)
{
    char quote = value.at[0];
    const char *close = memchr(value.at + 1, quote, value.len - 1);
    if (!close) {
        return "the quote never closes";
    }
    size_t used = (size_t)(close - value.at) + 1;
    if (!only_comment((struct span){close + 1, value.len - used})) {
        return "text follows the closing quote";
    }
    return NULL;
}

/* raw is all that stands behind '='. */
static const char *value_fault(struct span raw)
{
    struct span value = trim(raw);
    if (value.len && (value.at[0] == '"' || value.at[0] == '\'')) {
        return quoted_fault(value);
    }
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.at[i] == ';' || raw.at[i] == '#') {
            if (i && is_blank(raw.at[i - 1])) {
                return NULL;
            }
            return "';' and '#' begin a comment: put the value in double quotes";
        }
    }
    return NULL;
}

static const struct ini_key *find_key(const struct scan *scan, const char *key)
{
    for (size_t i = 0; i < scan->keys->count; i++) {
        const struct ini_key *row = &scan->keys->rows[i];
        if (strcmp(row->key, key) == 0 && strcmp(row->section, scan->section) == 0) {
            return row;
        }
    }
    return NULL;
}

static void add_key(struct scan *scan, const char *key)
{
    struct ini_keys *keys = scan->keys;
    /* Doubled whenever the count is a power of two. */
    if ((keys->count & (keys->count - 1)) == 0) {
        size_t size = keys->count ? keys->count * 2 : 1;
        keys->rows = mem_resize(keys->rows, size * sizeof *keys->rows);
    }
    keys->rows[keys->count++] = (struct ini_key){
        .section = mem_string(scan->section),
        .key = mem_string(key),
        .line = scan->line,
    };
}

static bool check_key(struct scan *scan, const char *key, struct span value)
{
    const char *fault = value_fault(value);
    if (fault) {
        return fail_key(scan, key, fault);
    }
    const struct ini_key *first = find_key(scan, key);
    if (first) {
        *scan->error = mem_printf("%s:%d: %s.%s: given before in line %d", scan->path, scan->line,
                                  scan->section, key, first->line);
        return false;
    }
    add_key(scan, key);
    return true;
}

static bool scan_key(struct scan *scan, struct span line)
{
    const char *equals = memchr(line.at, '=', line.len);
    if (!equals) {
        return fail(scan, "neither a section, nor KEY = VALUE, nor a comment");
    }
    size_t before = (size_t)(equals - line.at);
    char *key = fold_name(trim((struct span){line.at, before}));
    if (!key) {
        return fail(scan, "a key's name is made of letters, digits, '_', '-' and '.'");
    }
    bool ok;
    if (scan->section) {
        ok = check_key(scan, key, (struct span){equals + 1, line.len - before - 1});
    } else {
        *scan->error = mem_printf("%s:%d: the key '%s' stands before any [section]", scan->path,
                                  scan->line, key);
        ok = false;
    }
    free(key);
    return ok;
}

static const char *byte_fault(struct span line)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.at[i];
        if (c == 0) {
            return "holds a NUL byte";
        }
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return "holds a control character";
        }
    }
    return NULL;
}

static bool scan_line(struct scan *scan, struct span line)
{
    if (line.len > LINE_BYTES_MAX) {
        return fail(scan, "longer than 1022 bytes");
    }
    if (line.len && line.at[line.len - 1] == '\r') {
        line.len--;
    }
    const char *fault = byte_fault(line);
    if (fault) {
        return fail(scan, fault);
    }
    line = trim(line);
    if (line.len == 0) {
        return true;
    }
    if (line.at[line.len - 1] == '\\') {
        /* True of comments too. */
        return fail(scan, "a backslash at the end would swallow the next line");
    }
    if (line.at[0] == ';' || line.at[0] == '#') {
        return true;
    }
    if (line.len >= 3 && memcmp(line.at, "\xef\xbb\xbf", 3) == 0) {
        return fail(scan, "begins with a byte order mark: save the file without it");
    }
    return line.at[0] == '[' ? scan_section(scan, line) : scan_key(scan, line);
}

bool ini_scan(const char *path, const char *text, size_t len, struct ini_keys *keys, char **error)
{
    struct scan scan = {.path = path, .keys = keys, .error = error};
    bool ok = true;
    for (size_t at = 0; ok && at < len;) {
        const char *newline = memchr(text + at, '\n', len - at);
        size_t line_len = newline ? (size_t)(newline - (text + at)) : len - at;
        scan.line++;
        ok = scan_line(&scan, (struct span){text + at, line_len});
        at += line_len + 1;
    }
    free(scan.section);
    return ok;
}

void ini_keys_free(struct ini_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        free(keys->rows[i].section);
        free(keys->rows[i].key);
    }
    free(keys->rows);
    *keys = (struct ini_keys){0};
}
