#include "settings/settings_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* Strictly decimal, no sign but '-', nothing around it. */
static bool parse_number(const char *text, long *number)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    size_t len = strlen(digits);
    if (len == 0 || strspn(digits, "0123456789") != len) {
        return false;
    }
    errno = 0;
    *number = strtol(text, NULL, 10);
    return errno == 0;
}

static int find_choice(const struct setting *row, const char *text)
{
    for (int i = 0; row->choices[i]; i++) {
        if (strcmp(row->choices[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

/* "RULE, not 'TEXT'" in *why; without the text if it is secret. */
static bool refuse(const struct setting *row, const char *rule, const char *text, char **why)
{
    *why = row->secret ? mem_string(rule) : mem_printf("%s, not '%.80s'", rule, text);
    return false;
}

static bool check_choice(const struct setting *row, const char *text, char **why)
{
    if (find_choice(row, text) >= 0) {
        return true;
    }
    struct buf rule = {0};
    buf_add_text(&rule, "must be one of");
    for (size_t i = 0; row->choices[i]; i++) {
        buf_printf(&rule, "%s %s", i ? "," : "", row->choices[i]);
    }
    refuse(row, buf_text(&rule), text, why);
    buf_free(&rule);
    return false;
}

static bool check_bool(const struct setting *row, const char *text, char **why)
{
    if (strcmp(text, "0") == 0 || strcmp(text, "1") == 0) {
        return true;
    }
    return refuse(row, "must be 0 or 1", text, why);
}

static bool check_text(const struct setting *row, const char *text, char **why)
{
    long max = row->max ? row->max : SETTING_TEXT_MAX;
    size_t len = strlen(text);
    if (len < (size_t)row->min || len > (size_t)max) {
        *why = mem_printf("must have %ld to %ld bytes, has %zu", row->min, max, len);
        return false;
    }
    char reason[256] = "not valid";
    if (row->check && !row->check(text, reason, sizeof reason)) {
        bool tells = row->secret && text[0] && strstr(reason, text);
        *why = mem_string(tells ? "not valid" : reason);
        return false;
    }
    return true;
}

static bool check_number(const struct setting *row, const char *text, char **why)
{
    long number = 0;
    if (parse_number(text, &number) && number >= row->min && number <= row->max) {
        return true;
    }
    char *rule = mem_printf("must be a whole number from %ld to %ld", row->min, row->max);
    refuse(row, rule, text, why);
    free(rule);
    return false;
}

bool setting_check(const struct setting *row, const char *text, char **why)
{
    switch (row->type) {
    case SETTING_BOOL:
        return check_bool(row, text, why);
    case SETTING_INT:
        return check_number(row, text, why);
    case SETTING_TEXT:
        return check_text(row, text, why);
    case SETTING_CHOICE:
        return check_choice(row, text, why);
    }
    abort();
}

void setting_store(const struct setting *row, void *base, const char *text)
{
    void *place = (char *)base + row->offset;
    switch (row->type) {
    case SETTING_BOOL:
        *(bool *)place = text[0] == '1';
        break;
    case SETTING_INT: {
        long number = 0;
        parse_number(text, &number);
        *(int *)place = (int)number;
        break;
    }
    case SETTING_TEXT: {
        char *copy = mem_string(text); /* before the old one goes: text may be that one */
        setting_release(row, base);
        *(char **)place = copy;
        break;
    }
    case SETTING_CHOICE:
        *(int *)place = find_choice(row, text);
        break;
    }
}

void setting_release(const struct setting *row, void *base)
{
    if (row->type != SETTING_TEXT) {
        return;
    }
    char **text = (char **)((char *)base + row->offset);
    if (*text && row->secret) {
        mem_wipe(*text, strlen(*text));
    }
    free(*text);
    *text = NULL;
}

bool setting_same(const struct setting *row, const void *a, const void *b)
{
    const void *one = (const char *)a + row->offset;
    const void *other = (const char *)b + row->offset;
    switch (row->type) {
    case SETTING_BOOL:
        return *(const bool *)one == *(const bool *)other;
    case SETTING_INT:
    case SETTING_CHOICE:
        return *(const int *)one == *(const int *)other;
    case SETTING_TEXT:
        return strcmp(*(char *const *)one, *(char *const *)other) == 0;
    }
    abort();
}
