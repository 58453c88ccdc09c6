/* HTTPPARA: what HTTPACTION will ask for. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "dialect/uc8088/http.h"
#include "dialect/uc8088/instance.h"
#include "dialect/uc8088/value.h"

enum { URL_MAX = 1024, USER_MAX = 512, BODY_MAX = 512, NUMBER_MAX = 65535 };

/* ---- URL, PATH ---- */

/* Printable, no blanks. */
static bool is_path(const char *text)
{
    while (*text > ' ' && *text <= '~') {
        text++;
    }
    return !*text;
}

static at_result set_text(char **text, struct buf *value, bool (*valid)(const char *text))
{
    if (buf_len(value) > URL_MAX) {
        return CME_TEXT_TOO_LONG;
    }
    if (strlen(buf_text(value)) != buf_len(value) || !valid(buf_text(value))) {
        return UC_PARAMETER;
    }
    free(*text);
    *text = buf_len(value) ? mem_string(buf_text(value)) : NULL;
    return AT_OK;
}

static at_result set_url(struct uc_http *http, struct buf *value)
{
    return set_text(&http->url, value, uc_http_url_valid);
}

static at_result set_path(struct uc_http *http, struct buf *value)
{
    return set_text(&http->path, value, is_path);
}

/* ---- PORT, TIMEOUT, MODE ---- */

static at_result set_number(int *number, struct buf *value, long least)
{
    char *end = NULL;
    const char *text = buf_text(value);
    long given = strtol(text, &end, 10);
    bool digits = *text >= '0' && *text <= '9';
    if (!digits || (size_t)(end - text) != buf_len(value) || given < least || given > NUMBER_MAX) {
        return UC_PARAMETER;
    }
    *number = (int)given;
    return AT_OK;
}

static at_result set_port(struct uc_http *http, struct buf *value)
{
    return set_number(&http->port, value, 1);
}

static at_result set_timeout(struct uc_http *http, struct buf *value)
{
    return set_number(&http->timeout_s, value, 1);
}

static at_result set_mode(struct uc_http *http, struct buf *value)
{
    return set_number(&http->mode, value, 0);
}

/* ---- USER ---- */

/* Of "Name:value": the length of a field name (RFC 9110 5.1), or 0. */
static size_t name_len(const char *line)
{
    size_t len = 0;
    while ((line[len] >= '0' && line[len] <= '9') || (line[len] >= 'A' && line[len] <= 'Z') ||
           (line[len] >= 'a' && line[len] <= 'z') ||
           (line[len] && strchr("!#$%&'*+-.^_`|~", line[len]))) {
        len++;
    }
    return line[len] == ':' ? len : 0;
}

/* A good line has a name, and nothing in its value that would end it. */
static bool is_header(const char *line)
{
    size_t len = name_len(line);
    for (const char *c = line + len; len && *c; c++) {
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f) {
            return false;
        }
    }
    return len;
}

static size_t headers_size(const struct uc_http *http)
{
    size_t size = 0;
    for (size_t i = 0; i < http->header_count; i++) {
        size += strlen(http->headers[i]) + 2;
    }
    return size;
}

/* In place of one of the same name, if there is one. */
static void add_header(struct uc_http *http, const char *line)
{
    size_t len = name_len(line);
    size_t i = 0;
    while (i < http->header_count &&
           (name_len(http->headers[i]) != len || strncasecmp(http->headers[i], line, len) != 0)) {
        i++;
    }
    if (i < http->header_count) {
        free(http->headers[i]);
    } else {
        http->header_count++;
    }
    const char *text = line + len + 1;
    http->headers[i] = mem_printf("%.*s: %s", (int)len, line, text + strspn(text, " \t"));
}

static void clear_headers(struct uc_http *http)
{
    while (http->header_count) {
        free(http->headers[--http->header_count]);
    }
}

/* Lines with CR LF between. Adds them, if they are all good, or just looks. */
static at_result each_header(struct uc_http *http, const char *lines, bool add)
{
    char *copy = mem_string(lines);
    char *rest = copy;
    size_t count = 0;
    at_result result = AT_OK;
    for (char *line; result == AT_OK && (line = strsep(&rest, "\n"));) {
        size_t len = strlen(line);
        if (len && line[len - 1] == '\r') {
            line[--len] = '\0';
        }
        if (len && !is_header(line)) {
            result = UC_PARAMETER;
        } else if (len && add) {
            add_header(http, line);
        }
        count += len > 0;
    }
    free(copy);
    bool full = http->header_count + count > UC_HEADERS_MAX && !add;
    return result == AT_OK && full ? (at_result)CME_TEXT_TOO_LONG : result;
}

static at_result set_user(struct uc_http *http, struct buf *value)
{
    const char *lines = buf_text(value);
    if (strlen(lines) != buf_len(value)) {
        return UC_PARAMETER;
    }
    if (!*lines) {
        clear_headers(http);
        return AT_OK;
    }
    if (headers_size(http) + buf_len(value) > USER_MAX) {
        return CME_TEXT_TOO_LONG;
    }
    at_result result = each_header(http, lines, false);
    return result == AT_OK ? each_header(http, lines, true) : result;
}

/* ---- BODY ---- */

static at_result set_body(struct uc_http *http, struct buf *value)
{
    if (buf_len(value) > BODY_MAX) {
        return CME_TEXT_TOO_LONG;
    }
    buf_clear(&http->body);
    buf_add(&http->body, buf_bytes(value), buf_len(value));
    return AT_OK;
}

/* ---- all of them ---- */

static const struct {
    const char *name, *alias;
    enum uc_value_kind kind;
    at_result (*set)(struct uc_http *http, struct buf *value);
} tags[] = {
    {"URL", NULL, UC_VALUE_NAME, set_url},     {"PATH", NULL, UC_VALUE_NAME, set_path},
    {"PORT", NULL, UC_VALUE_NAME, set_port},   {"TIMEOUT", NULL, UC_VALUE_NAME, set_timeout},
    {"USER", "USRE", UC_VALUE_TEXT, set_user}, {"BODY", NULL, UC_VALUE_TEXT, set_body},
    {"MODE", NULL, UC_VALUE_NAME, set_mode},
};
enum { TAGS = sizeof tags / sizeof *tags };

static bool is(const char *name, const struct buf *tag)
{
    return name && strlen(name) == buf_len(tag) &&
           strncasecmp(name, buf_bytes(tag), buf_len(tag)) == 0;
}

/* `tag,value` or `tag:value`. */
at_result uc_httppara_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    const char *text = call->params[0].text;
    size_t len = strcspn(text, ",:");
    struct buf tag = {0};
    size_t i = 0;
    uc_value(&tag, UC_VALUE_NAME, text, len);
    while (i < TAGS && !is(tags[i].name, &tag) && !is(tags[i].alias, &tag)) {
        i++;
    }
    buf_free(&tag);
    if (i == TAGS || !text[len]) {
        return UC_PARAMETER;
    }
    struct buf value = {0};
    uc_value(&value, tags[i].kind, text + len + 1, call->params[0].len - len - 1);
    at_result result = tags[i].set(&uc->http, &value);
    mem_wipe(value.memory, value.size);
    buf_free(&value);
    return result;
}

/* As it could be typed. */
static void show(struct at_call *call, const char *tag, const char *bytes, size_t len)
{
    struct buf line = {0};
    buf_printf(&line, "+HTTPPARA: %s,", tag);
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\r' || bytes[i] == '\n') {
            buf_add_text(&line, bytes[i] == '\r' ? "\\r" : "\\n");
        } else {
            buf_add_byte(&line, bytes[i]);
        }
    }
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), true);
    mem_wipe(line.memory, line.size);
    buf_free(&line);
}

static void show_number(struct at_call *call, const char *tag, int number)
{
    if (number) {
        at_info(call->at, call->ticket, "+HTTPPARA: %s,%d", tag, number);
    }
}

static void show_headers(struct at_call *call, const struct uc_http *http)
{
    struct buf lines = {0};
    for (size_t i = 0; i < http->header_count; i++) {
        const char *line = http->headers[i];
        size_t len = name_len(line);
        buf_add_text(&lines, i ? "\r\n" : "");
        buf_printf(&lines, "%.*s:%s", (int)len, line, line + len + 2);
    }
    show(call, "USER", buf_bytes(&lines), buf_len(&lines));
    mem_wipe(lines.memory, lines.size);
    buf_free(&lines);
}

at_result uc_httppara_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    const struct uc_http *http = &uc->http;
    if (http->url) {
        show(call, "URL", http->url, strlen(http->url));
    }
    if (http->path) {
        show(call, "PATH", http->path, strlen(http->path));
    }
    show_number(call, "PORT", http->port);
    show_number(call, "TIMEOUT", http->timeout_s);
    if (http->header_count) {
        show_headers(call, http);
    }
    if (buf_len(&http->body)) {
        show(call, "BODY", buf_bytes(&http->body), buf_len(&http->body));
    }
    show_number(call, "MODE", http->mode);
    return AT_OK;
}

/* Tokens and keys are in URLs and headers. */
const struct at_param uc_httppara_params[1] = {
    {.name = "tag,value", .type = AT_STRING, .max = INT32_MAX, .flags = AT_FREE | AT_SECRET}};
