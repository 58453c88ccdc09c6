/* The FTP family: what its commands set, its table, its life. */
#include "dialect/uc8088/ftp.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/uc8088/instance.h"
#include "dialect/uc8088/value.h"

enum { NAME_MAX_BYTES = 64, PORT_FTP = 21 };

/* ---- texts ---- */

const char *uc_ftp_text(const struct uc_ftp *ftp, enum uc_ftp_text which)
{
    return ftp->text[which] ? ftp->text[which] : "";
}

static bool has_controls(const struct buf *name)
{
    for (size_t i = 0; i < buf_len(name); i++) {
        unsigned char c = (unsigned char)buf_bytes(name)[i];
        if (c < ' ' || c == 0x7f) {
            return true;
        }
    }
    return false;
}

bool uc_ftp_name(const struct at_value *value, struct buf *name, at_result *result)
{
    *name = (struct buf){0};
    uc_value(name, UC_VALUE_NAME, value->text, value->len);
    bool long_one = buf_len(name) > NAME_MAX_BYTES;
    if (!long_one && buf_len(name) && !has_controls(name)) {
        return true;
    }
    *result = long_one ? (at_result)CME_TEXT_TOO_LONG : (at_result)UC_PARAMETER;
    buf_free(name);
    return false;
}

bool uc_ftp_is_ready(const struct uc *uc)
{
    return ftp_state(uc->ftp.service) == FTP_READY && !ftp_busy(uc->ftp.service) &&
           network_usable(uc->env.network);
}

static at_result text_read(struct uc *uc, struct at_call *call, enum uc_ftp_text which)
{
    struct buf line = {0};
    buf_printf(&line, "%s: %s", call->command->name, uc_ftp_text(&uc->ftp, which));
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line),
                  which == UC_FTP_PASSWORD);
    buf_free(&line);
    return AT_OK;
}

static at_result text_set(struct uc *uc, const struct at_call *call, enum uc_ftp_text which)
{
    struct buf name;
    at_result result = AT_OK;
    if (uc_ftp_name(&call->params[0], &name, &result)) {
        free(uc->ftp.text[which]);
        uc->ftp.text[which] = mem_string(buf_text(&name));
        buf_free(&name);
    }
    return result;
}

#define TEXT(which, name)                                                                          \
    static at_result name##_read(void *ctx, struct at_call *call)                                  \
    {                                                                                              \
        return text_read(ctx, call, which);                                                        \
    }
TEXT(UC_FTP_HOST, serv)
TEXT(UC_FTP_USER, un)
TEXT(UC_FTP_PASSWORD, pw)
TEXT(UC_FTP_GETNAME, getname)
TEXT(UC_FTP_PATH, path)
TEXT(UC_FTP_PUTNAME, putname)

static at_result un_set(void *ctx, struct at_call *call)
{
    return text_set(ctx, call, UC_FTP_USER);
}

static at_result getname_set(void *ctx, struct at_call *call)
{
    return text_set(ctx, call, UC_FTP_GETNAME);
}

static at_result putname_set(void *ctx, struct at_call *call)
{
    return text_set(ctx, call, UC_FTP_PUTNAME);
}

at_result uc_ftp_store(struct uc *uc, const struct at_call *call, enum uc_ftp_text which)
{
    return text_set(uc, call, which);
}

/* ---- FTPMODE, FTPTYPE, FTPRESET, FTPPORT ---- */

static const char *const types[] = {"I", "A", NULL};

static at_result mode_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    at_info(call->at, call->ticket, "+FTPMODE: %d", uc->ftp.passive);
    return AT_OK;
}

static at_result mode_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc->ftp.passive = call->params[0].number == 1;
    ftp_set_passive(uc->ftp.service, uc->ftp.passive);
    return AT_OK;
}

static at_result type_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    at_info(call->at, call->ticket, "+FTPTYPE: %s", types[uc->ftp.ascii]);
    return AT_OK;
}

static at_result type_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc->ftp.ascii = call->params[0].number == 1;
    ftp_set_ascii(uc->ftp.service, uc->ftp.ascii);
    if (ftp_state(uc->ftp.service) != FTP_CLOSED) {
        at_info(call->at, call->ticket, "+FTPTYPE:0");
    }
    return AT_OK;
}

static at_result reset_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    at_info(call->at, call->ticket, "+FTPRESET: %lld", (long long)uc->ftp.offset);
    return AT_OK;
}

static at_result reset_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc->ftp.offset = call->params[0].number;
    return AT_OK;
}

static at_result port_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    at_info(call->at, call->ticket, "+FTPPORT: %d", uc->ftp.port);
    return AT_OK;
}

static at_result port_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc->ftp.port = (int)call->params[0].number;
    return AT_OK;
}

/* ---- FTPSCON, and names that answer themselves ---- */

static at_result settings(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    const struct uc_ftp *ftp = &uc->ftp;
    at_info(call->at, call->ticket, "+FTPSCON:");
    at_info(call->at, call->ticket, "MODE:%d", ftp->passive);
    at_info(call->at, call->ticket, "TYPE:%s", types[ftp->ascii]);
    at_info(call->at, call->ticket, "SERV:%s", uc_ftp_text(ftp, UC_FTP_HOST));
    at_info(call->at, call->ticket, "PORT:%d", ftp->port);
    at_info(call->at, call->ticket, "UN:%s", uc_ftp_text(ftp, UC_FTP_USER));
    at_info(call->at, call->ticket, "PATH:%s", uc_ftp_text(ftp, UC_FTP_PATH));
    at_info(call->at, call->ticket, "GETNAME:%s", uc_ftp_text(ftp, UC_FTP_GETNAME));
    at_info(call->at, call->ticket, "PUTNAME:%s", uc_ftp_text(ftp, UC_FTP_PUTNAME));
    at_info(call->at, call->ticket, "RESET:%lld", (long long)ftp->offset);
    return AT_OK;
}

static at_result name_only(void *ctx, struct at_call *call)
{
    (void)ctx;
    at_info(call->at, call->ticket, "%s", call->command->name);
    return AT_OK;
}

/* ---- life ---- */

void uc_ftp_power_on(struct uc *uc)
{
    uc->ftp.service = ftp_create(uc->env.services, &uc_ftp_events, uc);
    uc->ftp.port = PORT_FTP;
    ev_timer_init(&uc->ftp.resume, uc_ftp_resume, 0., 0.);
    uc->ftp.resume.data = uc;
}

void uc_ftp_power_off(struct uc *uc)
{
    struct uc_ftp *ftp = &uc->ftp;
    ev_timer_stop(uc_loop(uc), &ftp->resume);
    ftp_destroy(ftp->service);
    for (int i = 0; i < UC_FTP_TEXTS; i++) {
        if (ftp->text[i]) {
            mem_wipe(ftp->text[i], strlen(ftp->text[i]));
        }
        free(ftp->text[i]);
    }
    buf_free(&ftp->received);
    buf_free(&ftp->unsent);
    *ftp = (struct uc_ftp){0};
}

/* ---- the table ---- */

/* How long a name may be is for its handler to say: it may stand in quotes. */
#define REST(title, flag)                                                                          \
    {                                                                                              \
        .name = (title), .type = AT_STRING, .max = INT32_MAX, .flags = AT_FREE | (flag)            \
    }
static const struct at_param name_params[] = {REST("name", 0)};
static const struct at_param password_params[] = {REST("password", AT_SECRET)};
static const struct at_param serv_params[] = {
    {.name = "ip", .type = AT_STRING, .max = 255, .flags = AT_TRIM, .valid = text_not_empty},
    {.name = "port", .type = AT_INT, .min = 1, .max = 65535, .flags = AT_OPTIONAL},
};
static const struct at_param mode_params[] = {{.name = "mode", .type = AT_INT, .max = 1}};
static const struct at_param type_params[] = {
    {.name = "type", .type = AT_CHOICE, .choices = types, .flags = AT_TRIM}};
static const struct at_param reset_params[] = {{.name = "value", .type = AT_INT, .max = INT64_MAX}};
static const struct at_param port_params[] = {
    {.name = "port", .type = AT_INT, .min = 1, .max = 65535}};
static const struct at_param get_params[] = {
    {.name = "n", .type = AT_INT, .min = 1, .max = 1},
    REST("name", 0),
};
static const struct at_param put_params[] = {
    {.name = "len", .type = AT_INT, .max = INT32_MAX},
    REST("data", AT_OPTIONAL | AT_EMPTY),
};

#define SETTING(title, alias, text, own, reader, setter, about)                                    \
    {                                                                                              \
        .name = "+" title, .aliases = (alias), .flags = AT_WHOLE_LINE,                             \
        .forms = AT_TEST | AT_READ | AT_SET, AT_PARAMS(own), .test = "+" title ": " text,          \
        .read = (reader), .set = (setter), .help = (about)                                         \
    }

static const struct at_command rows[] = {
    SETTING("FTPMODE", NULL, "(0-1)", mode_params, mode_read, mode_set,
            "data connections: active (0) or passive (1)"),
    SETTING("FTPTYPE", NULL, "(I/A)", type_params, type_read, type_set,
            "transfers: binary (I) or ASCII (A)"),
    SETTING("FTPRESET", NULL, "<value>", reset_params, reset_read, reset_set,
            "where the next FTPGET begins"),
    SETTING("FTPPORT", NULL, "<port>", port_params, port_read, port_set, "port of the server"),
    SETTING("FTPUN", NULL, "<username>", name_params, un_read, un_set, "user"),
    SETTING("FTPPW", "+FTTPW", "<password>", password_params, pw_read, uc_ftppw_set,
            "password; where a server is connected: log in"),
    SETTING("FTPGETNAME", NULL, "<file name>", name_params, getname_read, getname_set,
            "file that FTPGET gets"),
    SETTING("FTPPATH", "+FTTPATH", "<file path>", name_params, path_read, uc_ftppath_set,
            "change the server's folder"),
    SETTING("FTPPUTNAME", "+FTTPUTNAME", "<file name>", name_params, putname_read, putname_set,
            "file that FTPPUT writes"),
    {.name = "+FTPSERV",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(serv_params),
     .guard = uc_needs_power,
     .test = "+FTPSERV: <ip>",
     .read = serv_read,
     .set = uc_ftpserv_set,
     .help = "connect to a server"},
    {.name = "+FTPMKD",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(name_params),
     .test = "+FTPMKD: <dir>",
     .set = uc_ftpmkd_set,
     .help = "make a folder"},
    {.name = "+FTPRMD",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(name_params),
     .test = "+FTPRMD: <dir>",
     .set = uc_ftprmd_set,
     .help = "remove a folder"},
    {.name = "+FTPGET",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_READ | AT_SET | AT_EXECUTE,
     AT_PARAMS(get_params),
     .test = "+FTPGET",
     .read = name_only,
     .set = uc_ftpget_set,
     .execute = uc_ftpget,
     .help = "get a file: that of FTPGETNAME, or a named one behind the OK"},
    {.name = "+FTPPUT",
     .aliases = "+FTTPUT",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(put_params),
     .test = "+FTPPUT",
     .read = name_only,
     .set = uc_ftpput_set,
     .help = "a piece of the file FTPPUTNAME; 0: that was all"},
    {.name = "+FTPLIST",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_READ | AT_EXECUTE,
     .test = "+FTPLIST",
     .read = name_only,
     .execute = uc_ftplist,
     .help = "the server's folder"},
    {.name = "+FTPSIZE",
     .flags = AT_WHOLE_LINE,
     .forms = AT_SET,
     AT_PARAMS(name_params),
     .set = uc_ftpsize_set,
     .help = "size of a file"},
    {.name = "+FTPSCON",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+FTPSCON",
     .execute = settings,
     .help = "what FTP commands have set"},
    {.name = "+FTPQUIT",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+FTPQUIT",
     .execute = uc_ftpquit,
     .help = "end the session"},
};

const struct at_table uc_ftp_table = {rows, sizeof rows / sizeof *rows};
