/* Nonvolatile memory: what a module keeps in flash is one INI file per modem, readable and editable
 * by a person, mode 0600. Values may hold any byte. What this object shows is what a power cut
 * would leave: a value changes when its file is safe on the disk, not before.
 *
 * A write goes to a temporary file in the same folder, fsync, rename, fsync of the folder, in a
 * writer thread: the event loop never waits for a disk.
 */
#ifndef NVRAM_NVRAM_H
#define NVRAM_NVRAM_H

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;
struct log;
struct nvram;
struct nvram_writer;

/* The thread that writes, shared by all modems of a daemon; it starts with the first write. */
struct nvram_writer *nvram_writer_create(struct ev_loop *loop);
/* Waits until what was asked for is written. All nvram objects must be destroyed before. */
void nvram_writer_destroy(struct nvram_writer *writer);

/* Opens the file, which need not exist. A damaged one (not INI, a NUL in it, a value that does not
 * decode, the `[nvram] format = 1` header missing) is renamed `PATH.damaged-TIME` with a warning
 * and factory values are used. One that cannot be read (EACCES, EIO ...), or not be set aside:
 * NULL, with the reason in the log as an error. Left-over temporary files are removed. Saves of the
 * file that a closed object has left to the writer are waited for. */
struct nvram *nvram_open(const char *path, struct nvram_writer *writer, struct log *log);

/* Saves under way are still written, their callbacks are not called any more. A done() may close.
 */
void nvram_close(struct nvram *nvram);

/* The value of a name "section.key" ([a-z0-9_-] on each side of the one dot, at most NVRAM_NAME_MAX
 * bytes each; the section `nvram` is the file's own), or NULL if it was never saved. *len (may be
 * NULL) is its length; a NUL stands behind it. Valid until the next completed save. */
const char *nvram_get(const struct nvram *nvram, const char *name, size_t *len);

struct nvram_change {
    const char *name;
    const void *bytes; /* NULL: remove the value */
    size_t len;        /* at most NVRAM_VALUE_MAX */
};

enum { NVRAM_VALUE_MAX = 64 * 1024, NVRAM_NAME_MAX = 64 };

/* ok false: nothing changed, neither here nor in the file; the reason is in the log. */
typedef void (*nvram_done)(void *ctx, bool ok);

/* Saves a set of changes, all or nothing, and calls done from the loop once they would survive a
 * power cut. Saves take effect in the order in which they were asked for. Names and bytes are
 * copied. Returns false, and will not call done, if the values are all as asked for already (and no
 * save is under way): nothing to wait for. */
bool nvram_save(struct nvram *nvram, const struct nvram_change *changes, size_t count,
                nvram_done done, void *ctx);

/* Factory reset: removes all values; names (NULL-ended, may be NULL) are spared. As nvram_save().
 */
bool nvram_erase(struct nvram *nvram, const char *const *spared, nvram_done done, void *ctx);

#endif
