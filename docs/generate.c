/* Writes the reference documents from the tables that the program works with:
 *
 *     generate settings        docs/settings.md
 *     generate commands ID     docs/commands-ID.md
 *     generate manual          docs/man/atmodemd.conf.5
 *
 * `make docs` runs it; a test compares what it writes with what is in the tree. */
#include <stdio.h>
#include <string.h>

#include "daemon/config.h"
#include "dialect/dialect.h"
#include "modem/modem.h"
#include "settings/settings.h"

static const char notice[] = "<!-- Made by `make docs` from the program's tables. -->\n\n";

/* A `|` would end a cell. */
static void cell(const char *text)
{
    for (; *text; text++) {
        fputs(*text == '|' ? "\\|" : (char[]){*text, '\0'}, stdout);
    }
}

/* ---- settings ---- */

static void own_default(const char *section, const char *key)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s=", section, key);
    for (size_t d = 0; dialects[d]; d++) {
        for (size_t i = 0; dialects[d]->defaults[i]; i++) {
            const char *pair = dialects[d]->defaults[i];
            if (strncmp(pair, name, strlen(name)) == 0) {
                printf("; `%s`: `%s`", dialects[d]->id, pair + strlen(name));
            }
        }
    }
}

static void setting_row(void *ctx, const char *section, const struct setting *setting,
                        const char *type, const char *range)
{
    const char **last = ctx;
    if (!*last || strcmp(*last, section) != 0) {
        printf("\n## [%s]\n\n| key | type | range | default | meaning |\n|---|---|---|---|---|\n",
               section);
        *last = section;
    }
    printf("| `%s` | %s | ", setting->key, type);
    cell(range);
    printf(" | %s%s%s", *setting->initial ? "`" : "", setting->initial,
           *setting->initial ? "`" : "");
    own_default(section, setting->key);
    printf(" | ");
    cell(setting->help);
    printf(" |\n");
}

static void settings(void)
{
    const struct settings_group *groups[MODEM_GROUPS_MAX + 1];
    size_t count = modem_settings_groups(groups);
    groups[count++] = &daemon_settings_group;
    const char *last = NULL;
    printf("# Settings\n\n%s", notice);
    printf(
        "A modem is one INI file in `modems.d/`; the same keys work with `--set "
        "SECTION.KEY=VALUE`. "
        "Order of weight:\ndefault < profile < file < `--set`. Booleans are 0 and 1. `;` and `#` "
        "start comments; a value that holds one\nstands in double quotes. `[daemon]` belongs to "
        "the daemon's own file.\n");
    settings_describe(groups, count, setting_row, &last);
}

/* ---- the manual page of the settings ---- */

/* A backslash is roff's, a dot or quote at a line's start as well; a minus is one only with it. */
static void roff(const char *text)
{
    for (; *text; text++) {
        const char *shown = *text == '\\' ? "\\e" : *text == '-' ? "\\-" : NULL;
        fputs(shown ? shown : (char[]){*text, '\0'}, stdout);
    }
}

static void manual_row(void *ctx, const char *section, const struct setting *setting,
                       const char *type, const char *range)
{
    const char **last = ctx;
    if (!*last || strcmp(*last, section) != 0) {
        printf(".SS [%s]\n", section);
        *last = section;
    }
    printf(".TP\n.BR ");
    roff(setting->key);
    printf(" \" (\"");
    roff(type);
    if (*range) {
        printf("\", \" ");
        roff(range);
    }
    printf("\", )\n\\&");
    roff(setting->help);
    if (*setting->initial) {
        printf(".\nDefault: ");
        roff(setting->initial);
    }
    printf(".\n");
}

static void manual(void)
{
    const struct settings_group *groups[MODEM_GROUPS_MAX + 1];
    size_t count = modem_settings_groups(groups);
    groups[count++] = &daemon_settings_group;
    const char *last = NULL;
    printf(
        ".\\\" Made by `make docs` from the program's tables.\n"
        ".TH ATMODEMD.CONF 5 \"\" \"atmodemd\" \"File Formats\"\n"
        ".SH NAME\natmodemd.conf, modems.d/*.ini \\- settings of atmodemd\n"
        ".SH DESCRIPTION\n"
        ".I /etc/atmodemd/atmodemd.conf\nhas the section [daemon]. A modem is one INI file in\n"
        ".IR /etc/atmodemd/modems.d ;\nits name is the file's. The same keys work with\n"
        ".B \\-\\-set SECTION.KEY=VALUE\nof\n.BR atmodemd (8).\n"
        "Order of weight: default, profile, file, \\-\\-set. Booleans are 0 and 1. A ; or # starts "
        "a comment; a value that holds one stands in double quotes.\n"
        ".SH SETTINGS\n");
    settings_describe(groups, count, manual_row, &last);
    printf(".SH EXAMPLE\n.nf\n; /etc/atmodemd/modems.d/ttyAT0.ini\n[modem]\ndialect = "
           "ica\n\n[port]\npath = /dev/serial0\nbaud = 115200\n\n[mqtt]\nhost = "
           "broker.example\n.fi\n.SH SEE ALSO\n.BR atmodemd (8),\n.BR atmodemctl (1)\n");
}

/* ---- commands ---- */

static void number(const struct at_param *param, int64_t value)
{
    if (param->type != AT_DECIMAL) {
        printf("%lld", (long long)value);
    } else if (value % 1000 == 0) {
        printf("%lld", (long long)value / 1000);
    } else {
        printf("%g", (double)value / 1000);
    }
}

static void range(const struct at_param *param, int64_t min, int64_t max)
{
    number(param, min);
    printf("..");
    number(param, max);
}

static void parameter(const struct at_param *param)
{
    printf("`%s` ", param->name);
    if (param->type == AT_CHOICE) {
        for (size_t i = 0; param->choices[i]; i++) {
            printf("%s%s", i ? ", " : "", param->choices[i]);
        }
    } else {
        range(param, param->min, param->max);
        printf("%s", param->type == AT_STRING ? " bytes" : "");
        if (param->lenient_min || param->lenient_max) {
            printf(" (lenient: ");
            range(param, param->lenient_min, param->lenient_max);
            printf(")");
        }
    }
    if (param->flags & AT_OPTIONAL) {
        printf(", optional");
    }
}

static void forms(const struct at_command *row, unsigned shown)
{
    static const struct {
        enum at_form form;
        const char *suffix;
    } all[] = {{AT_TEST, "=?"}, {AT_READ, "?"}, {AT_SET, "="}, {AT_EXECUTE, ""}};
    const char *comma = "";
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (row->forms & shown & all[i].form) {
            printf("%s`AT%s%s`", comma, row->name, all[i].suffix);
            comma = " ";
        }
    }
}

static void command_row(const struct at_command *row, unsigned shown)
{
    printf("| ");
    forms(row, shown);
    printf(" | ");
    for (size_t i = 0; i < row->param_count; i++) {
        printf("%s", i ? "; " : "");
        parameter(&row->params[i]);
    }
    for (size_t i = 0; i < row->tag_count; i++) {
        printf("%s", i || row->param_count ? "; " : "pairs: ");
        parameter(&row->tags[i]);
    }
    printf(" | ");
    cell(row->help);
    if (row->gate) {
        printf(" (with `%s=1`)", row->gate);
    }
    if (row->aliases) {
        printf("; also as `%s`", row->aliases);
    }
    printf(" |\n");
}

static void table(const struct at_table *rows, unsigned shown)
{
    for (size_t i = 0; i < rows->count; i++) {
        command_row(&rows->rows[i], shown);
    }
}

static void commands(const struct dialect *dialect)
{
    printf("# Commands of the dialect `%s`\n\n%s%s.\n\n", dialect->id, notice, dialect->title);
    printf("| forms | parameters | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < dialect->table_count; i++) {
        table(dialect->tables[i], ~0U);
    }
    printf("\nOf every dialect (V.250, 3GPP TS 27.007), besides `AT` and `A/`:\n\n"
           "| forms | parameters | meaning |\n|---|---|---|\n");
    table(&at_v250_table, dialect->grammar->test ? ~0U : ~(unsigned)AT_TEST);
}

int main(int argc, char **argv)
{
    const struct dialect *dialect =
        argc == 3 && strcmp(argv[1], "commands") == 0 ? dialect_find(argv[2]) : NULL;
    if (dialect) {
        commands(dialect);
    } else if (argc == 2 && strcmp(argv[1], "settings") == 0) {
        settings();
    } else if (argc == 2 && strcmp(argv[1], "manual") == 0) {
        manual();
    } else {
        fputs("usage: generate settings | commands ID | manual\n", stderr);
        return 2;
    }
    return 0;
}
