#include <stdlib.h>

#include "base/buf.h"
#include "settings/settings.h"

static const char *type_words(enum setting_type type)
{
    switch (type) {
    case SETTING_BOOL:
        return "bool";
    case SETTING_INT:
        return "int";
    case SETTING_TEXT:
        return "text";
    case SETTING_CHOICE:
        return "choice";
    }
    abort();
}

static void add_range(struct buf *range, const struct setting *row)
{
    switch (row->type) {
    case SETTING_BOOL:
        buf_add_text(range, "0|1");
        break;
    case SETTING_INT:
        buf_printf(range, "%ld..%ld", row->min, row->max);
        break;
    case SETTING_TEXT:
        if (row->max) {
            buf_printf(range, "%ld..%ld bytes", row->min, row->max);
        }
        break;
    case SETTING_CHOICE:
        for (size_t i = 0; row->choices[i]; i++) {
            buf_printf(range, "%s%s", i ? "|" : "", row->choices[i]);
        }
        break;
    }
}

void settings_describe(const struct settings_group *const *groups, size_t count,
                       void (*row)(void *ctx, const char *section, const struct setting *setting,
                                   const char *type, const char *range),
                       void *ctx)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < groups[i]->count; j++) {
            const struct setting *setting = &groups[i]->rows[j];
            struct buf range = {0};
            add_range(&range, setting);
            row(ctx, groups[i]->section, setting, type_words(setting->type), buf_text(&range));
            buf_free(&range);
        }
    }
}
