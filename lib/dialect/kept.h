/* Kept values: what a module would have in its flash. A dialect declares them once, as a table that
 * its own enum indexes; reading, checking, saving and the NVRAM file follow from that:
 *
 *     enum { X_HOST, X_PORT, X_KEPT_COUNT };
 *     const struct kept_value x_kept[X_KEPT_COUNT] = {
 *         [X_HOST] = {.name = "x.host", .initial = "", .max = 255},
 *         [X_PORT] = {.name = "x.port", .initial = "1883", .min = 1, .max = 65535},
 *     };
 *
 * Its instance has a struct kept, filled when it is created:
 *
 *     x->kept = (struct kept){.env = &x->env, .values = x_kept, .failed = X_STORE_FAILED};
 *
 * and a command that changes some ends like this:
 *
 *     struct kept_changes set = {.kept = &x->kept};
 *     kept_change_number(&set, X_PORT, port);
 *     return kept_save(&set, call);
 */
#ifndef DIALECT_KEPT_H
#define DIALECT_KEPT_H

#include "at/command.h"
#include "dialect/dialect.h"
#include "nvram/nvram.h"

struct kept {
    const struct dialect_env *env;
    const struct kept_value *values;
    at_result failed;  /* of a command whose values could not be saved */
    at_ticket waiting; /* the command that a save will finish */
};

/* A number. One in the file that is none, or out of range (a person edited it), counts as the
 * factory value. */
long kept_number(const struct kept *kept, unsigned which);

/* A text, never NULL; valid until the next completed save. One whose length is out of range, or
 * with a NUL in it, counts as the factory value. */
const char *kept_text(const struct kept *kept, unsigned which);

/* Changes that are collected and saved together, at most KEPT_CHANGES_MAX of them. */
enum { KEPT_CHANGES_MAX = 12 };
struct kept_changes {
    struct kept *kept;
    struct nvram_change changes[KEPT_CHANGES_MAX];
    char numbers[KEPT_CHANGES_MAX][24];
    size_t count;
};

/* text must stay valid until the save is asked for; NULL: the factory value. */
void kept_change_text(struct kept_changes *set, unsigned which, const char *text, size_t len);
void kept_change_number(struct kept_changes *set, unsigned which, long number);
/* What a command gave: a text (an empty or missing one is the factory value), a number (a missing
 * one changes nothing). */
void kept_change_given_text(struct kept_changes *set, unsigned which, const struct at_value *value);
void kept_change_given_number(struct kept_changes *set, unsigned which,
                              const struct at_value *value);

/* Saves, and ends the command when that is safe: the result of its handler. AT_OK at once: nothing
 * has changed. */
at_result kept_save(struct kept_changes *set, const struct at_call *call);

/* Saves without a command, or with another end: as nvram_save(). False: nothing has changed, and
 * done will not be called. */
bool kept_store(const struct kept_changes *set, nvram_done done, void *ctx);

#endif
