#include "service/http/http_headers.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

/* RFC 9110 section 5.6.2 */
static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool valid(const char *line)
{
    size_t name = strspn(line, token);
    if (!name || line[name] != ':') {
        return false;
    }
    for (const char *at = line + name; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool has_name(const char *line, const char *name)
{
    size_t len = strlen(name);
    bool prefix = len && name[len - 1] == '-';
    return strncasecmp(line, name, len) == 0 && (prefix || line[len] == ':' || line[len] == ';');
}

static bool has_one(const char *line, const char *const *names)
{
    for (; *names; names++) {
        if (has_name(line, *names)) {
            return true;
        }
    }
    return false;
}

static void add(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer) {
        abort(); /* no memory */
    }
    *list = longer;
}

/* To libcurl "Name:" means that the header is not sent, and "Name;" that it is, empty. */
static void add_given(struct curl_slist **list, const char *line)
{
    size_t name = strspn(line, token);
    if (line[name + 1 + strspn(line + name + 1, " \t")]) {
        add(list, line);
        return;
    }
    char *empty = mem_printf("%.*s;", (int)name, line);
    add(list, empty);
    free(empty);
}

bool http_headers_copy(struct curl_slist **copy, const char *const *lines)
{
    static const char *const own[] = {"Content-Length", "Transfer-Encoding", NULL};
    *copy = NULL;
    for (; lines && *lines; lines++) {
        if (!valid(*lines)) {
            curl_slist_free_all(*copy);
            *copy = NULL;
            return false;
        }
        if (!has_one(*lines, own)) {
            add_given(copy, *lines);
        }
    }
    return true;
}

void http_headers_drop(struct curl_slist **headers, const char *const *names)
{
    struct curl_slist *kept = NULL;
    for (const struct curl_slist *item = *headers; item; item = item->next) {
        if (!has_one(item->data, names)) {
            add(&kept, item->data);
        }
    }
    curl_slist_free_all(*headers);
    *headers = kept;
}

static void add_default(struct curl_slist **list, const struct curl_slist *given, const char *name,
                        const char *rest)
{
    for (; given; given = given->next) {
        if (has_name(given->data, name)) {
            return;
        }
    }
    char *line = mem_printf("%s:%s", name, rest);
    add(list, line);
    free(line);
}

struct curl_slist *http_headers_complete(const struct curl_slist *given, bool keep_alive,
                                         int64_t range_from)
{
    struct curl_slist *list = NULL;
    for (const struct curl_slist *item = given; item; item = item->next) {
        add(&list, item->data);
    }
    add_default(&list, given, "Expect", "");
    add_default(&list, given, "Content-Type", "");
    if (!keep_alive) {
        add_default(&list, given, "Connection", " close");
    }
    if (range_from >= 0) {
        char range[48];
        snprintf(range, sizeof range, " bytes=%" PRId64 "-", range_from);
        add_default(&list, given, "Range", range);
    }
    return list;
}
