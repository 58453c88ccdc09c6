/* A folder with one NVRAM file, opened and closed as often as a test likes. */
#ifndef TESTS_NVRAM_STORE_H
#define TESTS_NVRAM_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "nvram/nvram.h"

struct store {
    struct ev_loop *loop;
    struct buf log_lines;
    struct log *log;
    struct nvram_writer *writer;
    struct nvram *nvram; /* NULL: closed */
    char *base;          /* what is removed in the end */
    char *folder;        /* of the file, inside base */
    char *path;
    struct buf outcomes; /* of saves, in order: '+' or '-' */
};

/* As cmocka's set-up and tear-down: *state is the store, its NVRAM open and empty. */
int store_create(void **state);
int store_destroy(void **state);

/* Opens a writer and the file; NVRAM that cannot be opened is NULL. */
void store_open(struct store *store);
/* Closes both: all saves are on the disk then. */
void store_close(struct store *store);

/* Begins to save one value; what nvram_save() said. bytes NULL removes it. */
bool store_begin(struct store *store, const char *name, const void *bytes, size_t len);
/* The same with a string. */
bool store_begin_text(struct store *store, const char *name, const char *text);

/* Runs the loop until these are the outcomes, then forgets them. */
void store_expect(struct store *store, const char *outcomes);

/* Saves a string and waits for it. */
void store_save(struct store *store, const char *name, const char *text);

/* NULL: the value is not there. */
void store_expect_text(const struct store *store, const char *name, const char *text);

/* The files in the folder whose names contain part. */
int store_count_files(const struct store *store, const char *part);

/* Removes the file's folder with all that is in it; makes it again. */
void store_remove_folder(struct store *store);
void store_make_folder(struct store *store);

#endif
