#include "nvram/nvram_writer.h"

#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nvram/nvram_file.h"

struct jobs {
    struct nvram_job *first, **last;
};

struct nvram_writer {
    struct ev_loop *loop;
    ev_async finished;
    pthread_t thread;
    bool running; /* the thread was started */
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    pthread_cond_t written;
    /* under the lock: */
    struct jobs waiting, over;
    const struct nvram_job *current; /* being written */
    bool stopping;
};

static void append(struct jobs *jobs, struct nvram_job *job)
{
    job->next = NULL;
    *jobs->last = job;
    jobs->last = &job->next;
}

static struct nvram_job *take(struct jobs *jobs)
{
    struct nvram_job *job = jobs->first;
    if (job) {
        jobs->first = job->next;
        if (!jobs->first) {
            jobs->last = &jobs->first;
        }
    }
    return job;
}

struct nvram_job *nvram_job_create(const char *path, struct nvram_values values)
{
    struct nvram_job *job = mem_zeroed(sizeof *job);
    job->path = mem_string(path);
    job->values = values;
    return job;
}

void nvram_job_free(struct nvram_job *job)
{
    nvram_values_free(&job->values);
    free(job->path);
    free(job);
}

/* ---- the thread ---- */

static struct nvram_job *wait_for_job(struct nvram_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (!writer->waiting.first && !writer->stopping) {
        pthread_cond_wait(&writer->wanted, &writer->lock);
    }
    struct nvram_job *job = take(&writer->waiting);
    writer->current = job;
    pthread_mutex_unlock(&writer->lock);
    return job;
}

static void *write_jobs(void *ctx)
{
    struct nvram_writer *writer = ctx;
    struct nvram_job *job;
    while ((job = wait_for_job(writer))) {
        job->ok = nvram_file_save(job->path, &job->values);
        job->error = job->ok ? 0 : errno;
        pthread_mutex_lock(&writer->lock);
        append(&writer->over, job);
        writer->current = NULL;
        pthread_cond_broadcast(&writer->written);
        pthread_mutex_unlock(&writer->lock);
        ev_async_send(writer->loop, &writer->finished);
    }
    return NULL;
}

/* ---- the loop's side ---- */

static struct nvram_job *take_over(struct nvram_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    struct nvram_job *job = take(&writer->over);
    pthread_mutex_unlock(&writer->lock);
    return job;
}

static void report(struct ev_loop *loop, ev_async *watcher, int events)
{
    (void)loop;
    (void)events;
    struct nvram_writer *writer = watcher->data;
    struct nvram_job *job;
    while ((job = take_over(writer))) {
        if (job->done) {
            job->done(job->owner, job);
        }
        nvram_job_free(job);
    }
}

struct nvram_writer *nvram_writer_create(struct ev_loop *loop)
{
    struct nvram_writer *writer = mem_zeroed(sizeof *writer);
    writer->loop = loop;
    writer->waiting.last = &writer->waiting.first;
    writer->over.last = &writer->over.first;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->wanted, NULL);
    pthread_cond_init(&writer->written, NULL);
    ev_async_init(&writer->finished, report);
    writer->finished.data = writer;
    ev_async_start(loop, &writer->finished);
    return writer;
}

/* Signals belong to the loop's thread. */
static bool start_thread(struct nvram_writer *writer)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    writer->running = pthread_create(&writer->thread, NULL, write_jobs, writer) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return writer->running;
}

void nvram_writer_submit(struct nvram_writer *writer, struct nvram_job *job)
{
    bool started = writer->running || start_thread(writer);
    pthread_mutex_lock(&writer->lock);
    if (started) {
        append(&writer->waiting, job);
        pthread_cond_signal(&writer->wanted);
    } else { /* no thread to be had: told as a failed write */
        job->error = EAGAIN;
        append(&writer->over, job);
        ev_async_send(writer->loop, &writer->finished);
    }
    pthread_mutex_unlock(&writer->lock);
}

/* Under the lock. */
static bool has_job(const struct nvram_writer *writer, const char *path)
{
    if (writer->current && strcmp(writer->current->path, path) == 0) {
        return true;
    }
    const struct nvram_job *job = writer->waiting.first;
    while (job && strcmp(job->path, path) != 0) {
        job = job->next;
    }
    return job;
}

void nvram_writer_settle(struct nvram_writer *writer, const char *path)
{
    pthread_mutex_lock(&writer->lock);
    while (has_job(writer, path)) {
        pthread_cond_wait(&writer->written, &writer->lock);
    }
    pthread_mutex_unlock(&writer->lock);
}

void nvram_writer_destroy(struct nvram_writer *writer)
{
    if (!writer) {
        return;
    }
    if (writer->running) {
        pthread_mutex_lock(&writer->lock);
        writer->stopping = true;
        pthread_cond_signal(&writer->wanted);
        pthread_mutex_unlock(&writer->lock);
        pthread_join(writer->thread, NULL);
    }
    ev_async_stop(writer->loop, &writer->finished);
    struct nvram_job *job;
    while ((job = take(&writer->over))) {
        nvram_job_free(job);
    }
    pthread_cond_destroy(&writer->wanted);
    pthread_cond_destroy(&writer->written);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}
