/* send, monitor, urc: what passes on a modem's line. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/ctl/client.h"
#include "daemon/ctl/commands.h"

/* The next event, or NULL: the daemon has gone. */
static cJSON *next_event(struct client *client)
{
    cJSON *object;
    while (!(object = client_next(client)) && client_read(client)) {
    }
    return object;
}

static const char *event_of(const cJSON *object)
{
    const char *event = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "event"));
    return event ? event : "";
}

static void print_json_line(const cJSON *object)
{
    char *line = cJSON_PrintUnformatted(object);
    puts(line);
    cJSON_free(line);
    fflush(stdout);
}

/* CR LF stands before and behind each line; here one line end is enough. */
static void print_output(const char *text, bool *line_start)
{
    for (const char *c = text; *c; c++) {
        char shown = *c == '\r' ? '\n' : *c;
        if (shown != '\n' || !*line_start) {
            putchar(shown);
        }
        *line_start = shown == '\n';
    }
    fflush(stdout);
}

/* ---- send ---- */

enum verdict { GOES_ON, GOOD, BAD };

static enum verdict take_event(const struct request *request, const cJSON *object, bool *line_start)
{
    const char *event = event_of(object);
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(object, "error");
    if (request->json && *event) {
        print_json_line(object);
    } else if (strcmp(event, "output") == 0) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "text"));
        print_output(text ? text : "", line_start);
    }
    if (strcmp(event, "done") == 0) {
        return answer_true(object, "ok") ? GOOD : BAD;
    }
    if (error || strcmp(event, "gone") == 0) {
        fprintf(stderr, "atmodemctl: %s\n",
                error ? answer_text(object, "error") : "the modem has gone");
        return BAD;
    }
    return GOES_ON;
}

/* The line's own answers, and what else comes until its final result. */
bool command_send(const struct request *request)
{
    cJSON *answer = client_ask(request->client, request_new(request, "console"));
    if (!answer) {
        return false;
    }
    cJSON_Delete(answer);
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "do", "line");
    cJSON_AddStringToObject(line, "line", request->values[0]);
    enum verdict verdict = client_send(request->client, line) ? GOES_ON : BAD;
    bool line_start = true;
    cJSON *object;
    while (verdict == GOES_ON && (object = next_event(request->client))) {
        verdict = take_event(request, object, &line_start);
        cJSON_Delete(object);
    }
    return verdict == GOOD;
}

/* ---- monitor ---- */

static bool wanted(const struct request *request, const cJSON *object)
{
    const char *kind = answer_text(object, "kind");
    const char *only = request->only;
    size_t len = strlen(kind);
    while (only && *only) {
        size_t word = strcspn(only, ",");
        if (word == len && strncmp(only, kind, len) == 0) {
            return true;
        }
        only += word + (only[word] == ',');
    }
    return !request->only;
}

static void print_line(const cJSON *object)
{
    const char *kind = answer_text(object, "kind");
    double seconds = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, "time"));
    time_t whole = (time_t)seconds;
    struct tm local;
    char clock[16];
    localtime_r(&whole, &local);
    strftime(clock, sizeof clock, "%H:%M:%S", &local);
    printf("%s.%03d %s %s %s\n", clock, (int)((seconds - (double)whole) * 1000),
           answer_text(object, "modem"),
           strcmp(kind, "command") == 0  ? ">"
           : strcmp(kind, "answer") == 0 ? "<"
                                         : "=",
           answer_text(object, "text"));
    fflush(stdout);
}

bool command_monitor(const struct request *request)
{
    cJSON *answer = client_ask(request->client, request_new(request, "monitor"));
    if (!answer) {
        return false;
    }
    cJSON_Delete(answer);
    cJSON *object;
    while ((object = next_event(request->client))) {
        if (strcmp(event_of(object), "line") == 0 && wanted(request, object)) {
            if (request->json) {
                print_json_line(object);
            } else {
                print_line(object);
            }
        }
        cJSON_Delete(object);
    }
    return true;
}

/* ---- urc ---- */

bool command_urc(const struct request *request)
{
    cJSON *object = request_new(request, "urc");
    cJSON_AddStringToObject(object, "line", request->values[0]);
    return request_ask(request, object, print_ok);
}
