#include "daemon/ctl/console.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "daemon/ctl/client.h"

/* After the end of input answers are waited for until nothing has come for so long. */
enum { LAST_ANSWERS_MS = 500 };

struct console {
    struct client *client;
    cJSON *commands; /* names, for completion */
    EditLine *editor;
    char prompt[128];
    bool line_start; /* nothing is printed behind the last line end */
    bool gone;       /* the daemon, or the modem */
};

/* ---- what the modem says ---- */

/* CR LF stands before and behind each line; here one line end is enough. */
static void print_text(struct console *console, const char *text)
{
    for (const char *c = text; *c; c++) {
        char shown = *c == '\r' ? '\n' : *c;
        if (shown != '\n' || !console->line_start) {
            putchar(shown);
        }
        console->line_start = shown == '\n';
    }
}

static void print_event(struct console *console, const cJSON *object)
{
    const char *event = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "event"));
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "text"));
    const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "error"));
    if (event && strcmp(event, "output") == 0 && text) {
        print_text(console, text);
    } else if (event && strcmp(event, "gone") == 0) {
        puts("(the modem has gone)");
        console->gone = true;
    } else if (error) {
        printf("(%s)\n", error);
    }
}

/* Prints all that is here. False: nobody is there any more. */
static bool take_events(struct console *console)
{
    bool there = client_read(console->client);
    cJSON *object;
    while ((object = client_next(console->client))) {
        print_event(console, object);
        cJSON_Delete(object);
    }
    fflush(stdout);
    console->gone = console->gone || !there;
    return !console->gone;
}

static bool send_line(struct console *console, const char *line)
{
    cJSON *request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "do", "line");
    cJSON_AddStringToObject(request, "line", line);
    return client_send(console->client, request);
}

/* ---- on a terminal ---- */

static struct console *console_of(EditLine *editor)
{
    void *data = NULL;
    el_get(editor, EL_CLIENTDATA, &data);
    return data;
}

static char *prompt(EditLine *editor)
{
    return console_of(editor)->prompt;
}

/* What is typed becomes what all names that begin so have in common. */
static void complete(EditLine *editor)
{
    const struct console *console = console_of(editor);
    const LineInfo *info = el_line(editor);
    size_t typed = (size_t)(info->cursor - info->buffer);
    const char *first = NULL;
    size_t common = 0;
    const cJSON *name;
    cJSON_ArrayForEach(name, console->commands)
    {
        const char *text = cJSON_GetStringValue(name);
        if (!text || strncasecmp(text, info->buffer, typed) != 0) {
            continue;
        }
        size_t same = first ? 0 : strlen(text);
        while (first && first[same] && first[same] == text[same]) {
            same++;
        }
        common = !first || same < common ? same : common;
        first = first ? first : text;
    }
    if (first && common > typed) {
        char rest[64];
        snprintf(rest, sizeof rest, "%.*s", (int)(common - typed), first + typed);
        el_insertstr(editor, rest);
    }
}

/* A key; while none comes, what the modem says is printed above the line that is being typed. */
static int read_key(EditLine *editor, wchar_t *key)
{
    struct console *console = console_of(editor);
    struct pollfd watched[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = console->client->fd, .events = POLLIN}};
    for (;;) {
        if (poll(watched, 2, -1) < 0 && errno != EINTR) {
            return 0;
        }
        if (watched[1].revents) {
            fputs("\r\033[K", stdout);
            if (!take_events(console)) {
                return 0;
            }
            if (!console->line_start) { /* raw data: the prompt wants a line of its own */
                putchar('\n');
                console->line_start = true;
            }
            el_set(editor, EL_REFRESH);
        }
        if (watched[0].revents) {
            unsigned char byte;
            if (read(STDIN_FILENO, &byte, 1) != 1) {
                return 0;
            }
            if (byte == '\t') {
                complete(editor);
                el_set(editor, EL_REFRESH);
                continue;
            }
            *key = byte;
            return 1;
        }
    }
}

static void edit_lines(struct console *console, History *past)
{
    HistEvent event;
    const char *line;
    int len = 0;
    while (!console->gone && (line = el_gets(console->editor, &len)) && len > 0) {
        size_t length = strcspn(line, "\r\n");
        char *text = strndup(line, length);
        if (length) {
            history(past, &event, H_ENTER, line);
        }
        if (!text || !send_line(console, text)) {
            console->gone = true;
        }
        free(text);
    }
}

static bool run_on_terminal(struct console *console, const char *modem)
{
    snprintf(console->prompt, sizeof console->prompt, "%s> ", modem);
    console->editor = el_init("atmodemctl", stdin, stdout, stderr);
    History *past = history_init();
    HistEvent event;
    if (!console->editor || !past) {
        fputs("atmodemctl: the terminal cannot be used for editing\n", stderr);
        return false;
    }
    history(past, &event, H_SETSIZE, 1000);
    el_set(console->editor, EL_CLIENTDATA, console);
    el_set(console->editor, EL_PROMPT, prompt);
    el_set(console->editor, EL_EDITOR, "emacs");
    el_set(console->editor, EL_HIST, history, past);
    el_set(console->editor, EL_GETCFN, read_key);
    puts("AT commands go to the modem; Tab completes, Ctrl-D leaves.");
    edit_lines(console, past);
    putchar('\n');
    history_end(past);
    el_end(console->editor);
    return !console->gone;
}

/* ---- from a file or pipe ---- */

static bool wait_for_events(struct console *console, int timeout_ms)
{
    struct pollfd watched = {.fd = console->client->fd, .events = POLLIN};
    return poll(&watched, 1, timeout_ms) > 0;
}

static bool run_plain(struct console *console)
{
    char *line = NULL;
    size_t size = 0;
    while (!console->gone && getline(&line, &size, stdin) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        console->gone = !send_line(console, line);
        while (!console->gone && wait_for_events(console, 0)) {
            take_events(console);
        }
    }
    free(line);
    while (!console->gone && wait_for_events(console, LAST_ANSWERS_MS)) {
        take_events(console);
    }
    return !console->gone;
}

bool console_run(struct client *client, const char *modem)
{
    cJSON *request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "do", "console");
    if (modem) {
        cJSON_AddStringToObject(request, "modem", modem);
    }
    cJSON *answer = client_ask(client, request);
    if (!answer) {
        return false;
    }
    struct console console = {
        .client = client,
        .line_start = true,
        .commands = cJSON_GetObjectItemCaseSensitive(answer, "commands"),
    };
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "modem"));
    bool ok = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? run_on_terminal(&console, name)
                                                            : run_plain(&console);
    if (console.gone) {
        fputs("atmodemctl: the daemon or the modem has gone\n", stderr);
    }
    cJSON_Delete(answer);
    return ok;
}
