#include "service/http/http_head.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "service/http/http.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* A line that begins with a blank continues the one before it (RFC 9112 section 5.2). */
static void add_line(struct http_head_lines *head, const char *line, size_t len)
{
    if (buf_len(&head->text) && is_blank(*line)) {
        buf_add_byte(&head->text, ' ');
        while (len && is_blank(*line)) {
            line++;
            len--;
        }
    } else if (buf_len(&head->text)) {
        buf_add_text(&head->text, "\r\n");
    }
    buf_add(&head->text, line, len);
}

/* 101 is final: nobody has asked for another protocol. */
static bool provisional(int status)
{
    return status >= 100 && status < 200 && status != 101;
}

enum http_head_step http_head_take(struct http_head_lines *head, const char *line, size_t len,
                                   int status)
{
    head->seen += len;
    if (head->seen > HTTP_HEAD_MAX) {
        return HTTP_HEAD_TOO_LONG;
    }
    while (len && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
        len--;
    }
    if (head->complete) {
        return HTTP_HEAD_MORE;
    }
    if (len == 0) {
        head->complete = !provisional(status);
        return head->complete ? HTTP_HEAD_COMPLETE : HTTP_HEAD_MORE;
    }
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        buf_clear(&head->text);
        buf_clear(&head->line);
        buf_add(&head->line, line, len);
    } else {
        add_line(head, line, len);
    }
    return HTTP_HEAD_MORE;
}

void http_head_free(struct http_head_lines *head)
{
    buf_free(&head->line);
    buf_free(&head->text);
    *head = (struct http_head_lines){0};
}

static bool is_header(const char *line, size_t len, const char *name, size_t name_len)
{
    return len > name_len && line[name_len] == ':' && strncasecmp(line, name, name_len) == 0;
}

bool http_head_find(const char *lines, size_t lines_len, const char *name, const char **value,
                    size_t *len)
{
    const char *end = lines + lines_len;
    size_t name_len = strlen(name);
    while (lines < end) {
        const char *stop = memmem(lines, (size_t)(end - lines), "\r\n", 2);
        stop = stop ? stop : end;
        if (is_header(lines, (size_t)(stop - lines), name, name_len)) {
            lines += name_len + 1;
            while (lines < stop && is_blank(*lines)) {
                lines++;
            }
            while (stop > lines && is_blank(stop[-1])) {
                stop--;
            }
            *value = lines;
            *len = (size_t)(stop - lines);
            return true;
        }
        lines = stop == end ? end : stop + 2;
    }
    return false;
}

char *http_head_copy(struct http_head_lines *head, const char *name)
{
    const char *value;
    size_t len;
    bool found = http_head_find(buf_bytes(&head->text), buf_len(&head->text), name, &value, &len);
    return found ? mem_copy(value, len) : NULL;
}

/* The digits at *text, which is moved behind them; -1: there are none, or too many. */
static int64_t number(const char **text)
{
    if (**text < '0' || **text > '9') {
        return -1;
    }
    char *end;
    errno = 0;
    long long value = strtoll(*text, &end, 10);
    *text = end;
    return errno ? -1 : value;
}

int64_t http_head_length(struct http_head_lines *head)
{
    char *coding = http_head_copy(head, "Transfer-Encoding");
    char *text = coding ? NULL : http_head_copy(head, "Content-Length");
    const char *at = text;
    int64_t length = text ? number(&at) : -1;
    if (at && *at) {
        length = -1;
    }
    free(coding);
    free(text);
    return length;
}

void http_head_range(struct http_head_lines *head, int64_t *from, int64_t *size)
{
    char *text = http_head_copy(head, "Content-Range");
    *from = *size = -1;
    if (text && strncasecmp(text, "bytes", 5) == 0) {
        const char *at = text + 5 + strspn(text + 5, " \t");
        *from = number(&at);
        const char *slash = strchr(at, '/');
        if (slash) {
            slash++;
            *size = number(&slash);
        }
    }
    free(text);
}

bool http_header(const struct http_response *response, const char *name, const char **value,
                 size_t *len)
{
    return http_head_find(response->head, response->head_len, name, value, len);
}
