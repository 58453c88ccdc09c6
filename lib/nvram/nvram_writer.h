/* Private to lib/nvram: jobs for the writer thread. */
#ifndef NVRAM_NVRAM_WRITER_H
#define NVRAM_NVRAM_WRITER_H

#include "nvram/nvram.h"
#include "nvram/nvram_values.h"

struct nvram_job {
    struct nvram_job *next;
    char *path;
    struct nvram_values values;
    bool ok;
    int error; /* errno when not ok */
    /* Called from the loop; NULL: nobody waits any more. */
    void (*done)(void *owner, struct nvram_job *job);
    void *owner;
};

struct nvram_job *nvram_job_create(const char *path, struct nvram_values values);
void nvram_job_free(struct nvram_job *job);

/* The writer owns the job until done(), which may take values away; then it is freed. */
void nvram_writer_submit(struct nvram_writer *writer, struct nvram_job *job);

/* Blocks until no job for the path waits or is under way. */
void nvram_writer_settle(struct nvram_writer *writer, const char *path);

#endif
