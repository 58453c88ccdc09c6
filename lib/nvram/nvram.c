#include "nvram/nvram.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "nvram/nvram_file.h"
#include "nvram/nvram_values.h"
#include "nvram/nvram_writer.h"

/* A set of changes that waits for its turn. */
struct save {
    struct save *next;
    struct nvram_values set; /* new values */
    char **removed;          /* NULL-ended names */
    bool erase;              /* first of all, everything but spared goes */
    char **spared;           /* NULL-ended */
    nvram_done done;
    void *ctx;
};

struct nvram {
    char *path;
    struct nvram_writer *writer;
    struct log *log;
    struct nvram_values durable;
    struct save *first, **last; /* the first one is being written */
    struct nvram_job *job;
};

/* ---- saves ---- */

static char **copy_names(const char *const *names)
{
    size_t count = 0;
    while (names && names[count]) {
        count++;
    }
    char **copy = mem_zeroed((count + 1) * sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        copy[i] = mem_string(names[i]);
    }
    return copy;
}

static void free_names(char **names)
{
    for (size_t i = 0; names && names[i]; i++) {
        free(names[i]);
    }
    free(names);
}

static void free_save(struct save *save)
{
    nvram_values_free(&save->set);
    free_names(save->removed);
    free_names(save->spared);
    free(save);
}

static bool among(char *const *names, const char *name)
{
    for (size_t i = 0; names && names[i]; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* What the values are after a save. */
static void apply(struct nvram_values *values, const struct save *save)
{
    for (size_t i = values->count; save->erase && i-- > 0;) {
        if (!among(save->spared, values->items[i].name)) {
            nvram_values_set(values, values->items[i].name, NULL, 0);
        }
    }
    for (size_t i = 0; save->removed && save->removed[i]; i++) {
        nvram_values_set(values, save->removed[i], NULL, 0);
    }
    for (size_t i = 0; i < save->set.count; i++) {
        const struct nvram_value *value = &save->set.items[i];
        nvram_values_set(values, value->name, value->bytes, value->len);
    }
}

static void written(void *owner, struct nvram_job *job);

static void write_first(struct nvram *nvram)
{
    struct nvram_values candidate = nvram_values_copy(&nvram->durable);
    apply(&candidate, nvram->first);
    nvram->job = nvram_job_create(nvram->path, candidate);
    nvram->job->done = written;
    nvram->job->owner = nvram;
    nvram_writer_submit(nvram->writer, nvram->job);
}

static void written(void *owner, struct nvram_job *job)
{
    struct nvram *nvram = owner;
    struct save *save = nvram->first;
    nvram->job = NULL;
    nvram->first = save->next;
    if (!nvram->first) {
        nvram->last = &nvram->first;
    }
    if (job->ok) {
        nvram_values_free(&nvram->durable);
        nvram->durable = job->values;
        job->values = (struct nvram_values){0};
    } else {
        log_error(nvram->log, "%s: cannot be written: %s", nvram->path, strerror(job->error));
    }
    if (nvram->first) {
        write_first(nvram);
    }
    nvram_done done = save->done;
    void *ctx = save->ctx;
    free_save(save);
    done(ctx, job->ok); /* last: it may close us */
}

/* True if it has to be waited for. */
static bool enqueue(struct nvram *nvram, struct save *save)
{
    if (!nvram->first) {
        struct nvram_values after = nvram_values_copy(&nvram->durable);
        apply(&after, save);
        bool same = nvram_values_same(&after, &nvram->durable);
        nvram_values_free(&after);
        if (same) {
            free_save(save);
            return false;
        }
    }
    *nvram->last = save;
    nvram->last = &save->next;
    if (!nvram->job) {
        write_first(nvram);
    }
    return true;
}

bool nvram_save(struct nvram *nvram, const struct nvram_change *changes, size_t count,
                nvram_done done, void *ctx)
{
    struct save *save = mem_zeroed(sizeof *save);
    save->done = done;
    save->ctx = ctx;
    save->removed = mem_zeroed((count + 1) * sizeof *save->removed);
    size_t removed = 0;
    for (size_t i = 0; i < count; i++) {
        if (changes[i].bytes) {
            nvram_values_set(&save->set, changes[i].name, changes[i].bytes, changes[i].len);
        } else {
            save->removed[removed++] = mem_string(changes[i].name);
        }
    }
    return enqueue(nvram, save);
}

bool nvram_erase(struct nvram *nvram, const char *const *spared, nvram_done done, void *ctx)
{
    struct save *save = mem_zeroed(sizeof *save);
    save->done = done;
    save->ctx = ctx;
    save->erase = true;
    save->spared = copy_names(spared);
    return enqueue(nvram, save);
}

/* ---- the object ---- */

static bool load(struct nvram *nvram)
{
    char *why = NULL;
    bool ok = true;
    switch (nvram_file_load(nvram->path, &nvram->durable, &why)) {
    case NVRAM_LOADED:
    case NVRAM_ABSENT:
        break;
    case NVRAM_UNREADABLE:
        log_error(nvram->log, "%s: cannot be read: %s", nvram->path, why);
        ok = false;
        break;
    case NVRAM_DAMAGED: {
        char *aside = nvram_file_set_aside(nvram->path);
        if (aside) {
            log_warning(nvram->log, "%s is damaged (%s): set aside as %s, factory values are used",
                        nvram->path, why, aside);
        } else {
            log_error(nvram->log, "%s is damaged (%s) and cannot be set aside", nvram->path, why);
            ok = false;
        }
        free(aside);
        break;
    }
    }
    free(why);
    return ok;
}

struct nvram *nvram_open(const char *path, struct nvram_writer *writer, struct log *log)
{
    struct nvram *nvram = mem_zeroed(sizeof *nvram);
    nvram->path = mem_string(path);
    nvram->writer = writer;
    nvram->log = log;
    nvram->last = &nvram->first;
    /* A modem that is rebuilt finds what it has saved, and its temporary file is no left-over. */
    nvram_writer_settle(writer, path);
    nvram_file_clean(path);
    if (!load(nvram)) {
        nvram_close(nvram);
        return NULL;
    }
    return nvram;
}

void nvram_close(struct nvram *nvram)
{
    struct nvram_values last = {0};
    bool more = nvram->first && nvram->first->next;
    if (nvram->job) { /* goes on without us */
        nvram->job->done = NULL;
        last = nvram_values_copy(&nvram->job->values);
    }
    if (nvram->first) {
        for (struct save *save = nvram->first->next; save; save = save->next) {
            apply(&last, save);
        }
    }
    if (more) {
        nvram_writer_submit(nvram->writer, nvram_job_create(nvram->path, last));
    } else {
        nvram_values_free(&last);
    }
    while (nvram->first) {
        struct save *save = nvram->first;
        nvram->first = save->next;
        free_save(save);
    }
    nvram_values_free(&nvram->durable);
    free(nvram->path);
    free(nvram);
}

const char *nvram_get(const struct nvram *nvram, const char *name, size_t *len)
{
    const struct nvram_value *value = nvram_values_find(&nvram->durable, name);
    if (len) {
        *len = value ? value->len : 0;
    }
    return value ? value->bytes : NULL;
}
