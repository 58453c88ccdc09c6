#include "daemon/ctl/password.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"

enum { LINE_MAX_BYTES = 1024 }; /* far more than any password has */

char *password_take(char *argument)
{
    char *copy = mem_string(argument);
    mem_wipe(argument, strlen(argument));
    return copy;
}

static bool read_line(char line[LINE_MAX_BYTES])
{
    if (!fgets(line, LINE_MAX_BYTES, stdin)) {
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return true;
}

/* TCSAFLUSH: what was typed before the question is no answer to it. */
static bool ask(char line[LINE_MAX_BYTES], const struct termios *before)
{
    struct termios silent = *before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    fputs("Password: ", stderr); /* only now: a quick answer is neither shown nor flushed */
    bool ok = read_line(line);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, before);
    fputc('\n', stderr);
    return ok;
}

char *password_read(void)
{
    char line[LINE_MAX_BYTES];
    struct termios before;
    setvbuf(stdin, NULL, _IONBF, 0); /* no second copy in a buffer */
    bool ok = tcgetattr(STDIN_FILENO, &before) == 0 ? ask(line, &before) : read_line(line);
    char *password = ok ? mem_string(line) : NULL;
    mem_wipe(line, sizeof line);
    if (!ok) {
        fputs("atmodemctl: no password came from stdin\n", stderr);
    }
    return password;
}
