/* Private to lib/nvram: the file. An INI file that a person can read and edit; bytes that INI
 * cannot hold are percent-encoded, long values are cut into `key`, `key.1`, `key.2` ... */
#ifndef NVRAM_NVRAM_FILE_H
#define NVRAM_NVRAM_FILE_H

#include "nvram/nvram_values.h"

/* What each file says of itself. */
#define NVRAM_FORMAT_NAME "nvram.format"
#define NVRAM_FORMAT      "1"

enum nvram_loaded {
    NVRAM_LOADED,
    NVRAM_ABSENT,
    NVRAM_DAMAGED,    /* it can be read, but makes no sense */
    NVRAM_UNREADABLE, /* the system does not give it */
};

/* *why (of the last two) is to be freed by the caller. values is empty unless loaded. */
enum nvram_loaded nvram_file_load(const char *path, struct nvram_values *values, char **why);

/* Replaces the file whole: temporary file in the same folder, fsync, rename, fsync of the folder.
 * False with errno: the old file is as it was. */
bool nvram_file_save(const char *path, const struct nvram_values *values);

/* Renames the file to PATH.damaged-TIME, over nothing. The caller frees the name; NULL with errno.
 */
char *nvram_file_set_aside(const char *path);

/* Removes what a save that was cut off has left. */
void nvram_file_clean(const char *path);

#endif
