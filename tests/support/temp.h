/* A folder of a test's own, and files in it. */
#ifndef TESTS_SUPPORT_TEMP_H
#define TESTS_SUPPORT_TEMP_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Makes the folder; end with temp_remove(). */
static inline char *temp_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *path = mem_printf("%s/atmodemd-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path)) {
        perror(path);
        abort();
    }
    return path;
}

static inline int temp_remove_entry(const char *path, const struct stat *status, int type,
                                    struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Removes the folder with all that is in it, and frees path. */
static inline void temp_remove(char *path)
{
    nftw(path, temp_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}

/* "FOLDER/NAME"; the caller frees. */
static inline char *temp_path(const char *folder, const char *name)
{
    return mem_printf("%s/%s", folder, name);
}

static inline void temp_write(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
        perror(path);
        abort();
    }
}

/* The bytes of a file, with a NUL behind them, or NULL if it is not there; the caller frees. */
static inline char *temp_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        return NULL;
    }
    char *bytes = NULL;
    *len = 0;
    for (;;) {
        bytes = mem_resize(bytes, *len + 65536 + 1);
        size_t got = fread(bytes + *len, 1, 65536, file);
        *len += got;
        if (got == 0) {
            break;
        }
    }
    bytes[*len] = '\0';
    fclose(file);
    return bytes;
}

#endif
