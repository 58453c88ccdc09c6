#include "net/redirect.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct rule {
    char *pattern;
    char *host;
    int port; /* 0: as it was */
};

struct redirect {
    struct rule *rules;
    size_t count;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* A copy of from..end without blanks at both ends. */
static char *trimmed(const char *from, const char *end)
{
    while (from < end && is_blank(*from)) {
        from++;
    }
    while (end > from && is_blank(end[-1])) {
        end--;
    }
    return mem_copy(from, (size_t)(end - from));
}

static bool refuse(char *why, size_t why_size, const char *reason, const char *text)
{
    snprintf(why, why_size, "%s: '%s'", reason, text);
    return false;
}

/* 1..65535, or 0 if text is not such a number. */
static int parse_port(const char *text)
{
    size_t len = strlen(text);
    if (!len || len > 5 || strspn(text, "0123456789") != len) {
        return 0;
    }
    int port = atoi(text);
    return port <= 65535 ? port : 0;
}

/* Takes HOST, HOST:PORT, [HOST] or [HOST]:PORT apart, in place. */
static bool parse_target(char *target, struct rule *rule, char *why, size_t why_size)
{
    char *host = target;
    char *port = NULL;
    if (*target == '[') {
        char *close = strchr(target, ']');
        if (!close || (close[1] && close[1] != ':')) {
            return refuse(why, why_size, "the bracket is not closed before the port", target);
        }
        host = target + 1;
        port = close[1] ? close + 2 : NULL;
        *close = '\0';
    } else {
        char *colon = strchr(target, ':');
        if (colon && strchr(colon + 1, ':')) {
            return refuse(why, why_size, "an IPv6 address needs brackets", target);
        }
        if (colon) {
            *colon = '\0';
            port = colon + 1;
        }
    }
    if (!*host || strpbrk(host, " \t=[]")) {
        return refuse(why, why_size, "not a host", host);
    }
    rule->port = port ? parse_port(port) : 0;
    if (port && !rule->port) {
        return refuse(why, why_size, "not a port (1..65535)", port);
    }
    rule->host = mem_string(host);
    return true;
}

static bool parse_rule(char *text, struct rule *rule, char *why, size_t why_size)
{
    char *equals = strchr(text, '=');
    if (!equals) {
        return refuse(why, why_size, "expected PATTERN=HOST[:PORT]", text);
    }
    char *pattern = trimmed(text, equals);
    char *target = trimmed(equals + 1, equals + strlen(equals));
    bool ok = *pattern ? parse_target(target, rule, why, why_size)
                       : refuse(why, why_size, "the pattern is empty", text);
    free(target);
    if (ok) {
        rule->pattern = pattern;
    } else {
        free(pattern);
    }
    return ok;
}

/* NULL with a reason in why if value is bad. */
static struct redirect *parse(const char *value, char *why, size_t why_size)
{
    struct redirect *redirect = mem_zeroed(sizeof *redirect);
    const char *from = value + strspn(value, " \t");
    while (from && *from) {
        const char *comma = strchr(from, ',');
        char *text = trimmed(from, comma ? comma : from + strlen(from));
        struct rule rule = {0};
        bool ok = parse_rule(text, &rule, why, why_size);
        free(text);
        if (!ok) {
            redirect_destroy(redirect);
            return NULL;
        }
        redirect->rules =
            mem_resize(redirect->rules, (redirect->count + 1) * sizeof *redirect->rules);
        redirect->rules[redirect->count++] = rule;
        from = comma ? comma + 1 : NULL;
        if (from && !*from) {
            redirect_destroy(redirect);
            snprintf(why, why_size, "there is nothing after the last comma");
            return NULL;
        }
    }
    return redirect;
}

bool redirect_check(const char *value, char *why, size_t why_size)
{
    struct redirect *redirect = parse(value, why, why_size);
    redirect_destroy(redirect);
    return redirect != NULL;
}

struct redirect *redirect_create(const char *value)
{
    char why[160];
    return parse(value, why, sizeof why);
}

void redirect_destroy(struct redirect *redirect)
{
    if (!redirect) {
        return;
    }
    for (size_t i = 0; i < redirect->count; i++) {
        free(redirect->rules[i].pattern);
        free(redirect->rules[i].host);
    }
    free(redirect->rules);
    free(redirect);
}

const char *redirect_apply(const struct redirect *redirect, const char *host, int *port)
{
    for (size_t i = 0; redirect && i < redirect->count; i++) {
        const struct rule *rule = &redirect->rules[i];
        if (fnmatch(rule->pattern, host, FNM_CASEFOLD) == 0) {
            if (rule->port) {
                *port = rule->port;
            }
            return rule->host;
        }
    }
    return host;
}
