/* UART, UARTE, CGMR, IHELP, IREBOOT, IDEFAULT, ATI. */
#include <stdio.h>
#include <string.h>

#include "dialect/aliyun_wifi/instance.h"
#include "dialect/identity.h"
#include "port/port.h"
#include "service/env.h"
#include "settings/settings.h"

static const struct identity_settings *identity(const struct aw *aw)
{
    return settings_of(aw->env.settings, &identity_settings_group);
}

/* ---- UART ---- */

enum { UART_BAUD, UART_DATA_BITS, UART_STOP_BITS, UART_PARITY, UART_FLOW, UART_PARAMS };
static const enum aw_kept uart_kept[UART_PARAMS] = {
    [UART_BAUD] = AW_UART_BAUD,           [UART_DATA_BITS] = AW_UART_DATA_BITS,
    [UART_STOP_BITS] = AW_UART_STOP_BITS, [UART_PARITY] = AW_UART_PARITY,
    [UART_FLOW] = AW_UART_FLOW,
};

static const char parities[] = "NOE"; /* by their numbers */

/* What the settings say, until a command has said otherwise. */
static void read_uart(const struct aw *aw, long values[UART_PARAMS])
{
    const struct port_line *line = &aw->line;
    if (kept_number(&aw->kept, AW_UART_BAUD)) {
        for (int i = 0; i < UART_PARAMS; i++) {
            values[i] = kept_number(&aw->kept, uart_kept[i]);
        }
        return;
    }
    values[UART_BAUD] = line->baud;
    values[UART_DATA_BITS] = line->data_bits;
    values[UART_STOP_BITS] = line->stop_bits == 2 ? 3 : 1;
    values[UART_PARITY] = strchr(parities, line->parity) - parities;
    values[UART_FLOW] = line->flow == PORT_FLOW_RTSCTS ? 3 : 0;
}

static bool same_line(const struct port_line *a, const struct port_line *b)
{
    return a->baud == b->baud && a->data_bits == b->data_bits && a->parity == b->parity &&
           a->stop_bits == b->stop_bits && a->flow == b->flow;
}

/* What Linux has no setting for is the nearest: 5 and 6 bits, one and a half stop bits, one-sided
 * flow control. */
static struct port_line uart_line(const struct aw *aw)
{
    long values[UART_PARAMS];
    read_uart(aw, values);
    return (struct port_line){
        .baud = (int)values[UART_BAUD],
        .data_bits = values[UART_DATA_BITS] < 8 ? 7 : 8,
        .parity = parities[values[UART_PARITY]],
        .stop_bits = values[UART_STOP_BITS] > 1 ? 2 : 1,
        .flow = values[UART_FLOW] ? PORT_FLOW_RTSCTS : PORT_FLOW_NONE,
    };
}

void aw_apply_uart(struct aw *aw)
{
    const struct port_line line = uart_line(aw);
    if (!same_line(port_line(aw->env.port), &line)) {
        port_set_line(aw->env.port, &line);
    }
}

static at_result uart_read(void *ctx, struct at_call *call)
{
    long values[UART_PARAMS];
    read_uart(ctx, values);
    at_info(call->at, call->ticket, "+UART_CUR:%ld,%ld,%ld,%ld,%ld", values[UART_BAUD],
            values[UART_DATA_BITS], values[UART_STOP_BITS], values[UART_PARITY], values[UART_FLOW]);
    return AT_OK;
}

static void uart_saved(void *ctx, bool ok)
{
    struct aw *aw = ctx;
    if (ok) {
        const struct port_line line = uart_line(aw);
        line_later_set(&aw->uart, &line);
    }
    at_finish(aw->env.at, aw->waiting, ok ? AT_OK : AW_STORE_FAILED);
}

static at_result uart_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    struct kept_changes set = {.kept = &aw->kept};
    for (int i = 0; i < UART_PARAMS; i++) {
        kept_change_number(&set, uart_kept[i], (long)call->params[i].number);
    }
    aw->waiting = call->ticket;
    return kept_store(&set, uart_saved, aw) ? AT_PENDING : AT_OK;
}

/* ---- UARTE ---- */

static at_result echo_read(void *ctx, struct at_call *call)
{
    (void)ctx;
    at_info(call->at, call->ticket, "+UARTE:%d", at_echo(call->at));
    return AT_OK;
}

static at_result echo_set(void *ctx, struct at_call *call)
{
    (void)ctx;
    at_set_echo(call->at, call->params[0].number == 1);
    return AT_OK;
}

/* ---- CGMR, ATI ---- */

static at_result version_execute(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "+CGMR:FW:%s, HW:%s", identity(ctx)->revision,
            identity(ctx)->hardware);
    at_info(call->at, call->ticket, "+CGMR:Time:%s,%s", __TIME__, __DATE__);
    return AT_OK;
}

static at_result identification(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "%s", identity(ctx)->manufacturer);
    at_info(call->at, call->ticket, "%s", identity(ctx)->model);
    at_info(call->at, call->ticket, "%s", identity(ctx)->revision);
    return AT_OK;
}

/* ---- IHELP ---- */

static const char *const first_lines[] = {
    "AT -- Null cmd, always returns OK",
    "AT+UARTE=<1|0> -- echo on/off",
    "AT+UART -- config uart save into flash",
    "AT+CWMODE=<mode> -- set the wifi mode save into flash",
    "AT+CWJAP=<SSID>,<PSK> -- join ap and do not save into flash",
    "AT+CWLAP -- scan the ap near",
};

/* The manual has the first six in its own words. */
static bool is_first(const char *name)
{
    static const char *const names[] = {"+UARTE", "+UART", "+CWMODE", "+CWJAP", "+CWLAP"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return *name != '+';
}

static at_result help_execute(void *ctx, struct at_call *call)
{
    const struct dialect *dialect = &aliyun_wifi_dialect;
    (void)ctx;
    for (size_t i = 0; i < sizeof first_lines / sizeof *first_lines; i++) {
        at_info(call->at, call->ticket, "# %s", first_lines[i]);
    }
    for (size_t t = 0; t < dialect->table_count; t++) {
        const struct at_table *table = dialect->tables[t];
        for (size_t i = 0; i < table->count; i++) {
            if (!is_first(table->rows[i].name)) {
                at_info(call->at, call->ticket, "# AT%s -- %s", table->rows[i].name,
                        table->rows[i].help);
            }
        }
    }
    return AT_OK;
}

/* ---- IREBOOT, IDEFAULT ---- */

static at_result reboot_execute(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    (void)call;
    reboot_begin(&aw->reboot, 0);
    return AT_OK;
}

static void erased(void *ctx, bool ok)
{
    struct aw *aw = ctx;
    if (ok) {
        reboot_begin(&aw->reboot, 0);
    }
    at_finish(aw->env.at, aw->waiting, ok ? AT_OK : AW_STORE_FAILED);
}

static at_result default_execute(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    aw->waiting = call->ticket;
    if (nvram_erase(aw->env.nvram, NULL, erased, aw)) {
        return AT_PENDING;
    }
    return reboot_execute(ctx, call); /* nothing is stored */
}

/* ---- the table ---- */

static const struct at_param uart_params[UART_PARAMS] = {
    [UART_BAUD] = {.name = "baud", .type = AT_INT, .min = 1200, .max = 4000000},
    [UART_DATA_BITS] = {.name = "databits", .type = AT_INT, .min = 5, .max = 8},
    [UART_STOP_BITS] = {.name = "stopbits", .type = AT_INT, .min = 1, .max = 3},
    [UART_PARITY] = {.name = "parity", .type = AT_INT, .max = 2},
    [UART_FLOW] = {.name = "flow", .type = AT_INT, .max = 3},
};
static const struct at_param echo_params[] = {{.name = "on", .type = AT_INT, .max = 1}};

static const struct at_command rows[] = {
    {.name = "+UART",
     .forms = AT_READ | AT_SET,
     .faults = aw_config_faults,
     AT_PARAMS(uart_params),
     .read = uart_read,
     .set = uart_set,
     .help = "config uart save into flash"},
    {.name = "+UARTE",
     .forms = AT_READ | AT_SET,
     .faults = aw_config_faults,
     AT_PARAMS(echo_params),
     .read = echo_read,
     .set = echo_set,
     .help = "echo on/off"},
    {.name = "+CGMR",
     .aliases = "+GCMR",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+CGMR",
     .execute = version_execute,
     .help = "versions"},
    {.name = "+IHELP",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+IHELP",
     .execute = help_execute,
     .help = "this list"},
    {.name = "+IREBOOT",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+IREBOOT",
     .execute = reboot_execute,
     .help = "restart"},
    {.name = "+IDEFAULT",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+IDEFAULT",
     .execute = default_execute,
     .help = "factory values, then restart"},
    {.name = "I",
     .flags = AT_BASIC,
     .forms = AT_EXECUTE,
     .execute = identification,
     .help = "manufacturer, model, revision"},
};

const struct at_table aw_system_table = {rows, sizeof rows / sizeof *rows};
