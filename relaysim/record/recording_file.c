/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/recording_file.h"

#include "base/log.h"
#include "record/recording_output.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define BATCH_LEN ((size_t)256 << 10)       /* the thread takes so much at a time */
#define BATCH_BEGIN_LEN ((guint)(16 << 10)) /* what a batch begins with, and grows from */
#define QUEUE_RESUME_MAX (RECORDING_FILE_QUEUE_MAX / 2) /* after something was dropped */
#define END_ROOM ((size_t)64 << 10)                     /* for what ends a file */
#define GATHER_NS UINT64_C(5000000) /* that the thread lets records come together */
#define LOOK_NS UINT64_C(100000000) /* at the end, whether there is progress */
#define STANDSTILL_FAILING_MS 500   /* a disk that has failed already gets one more try */

/* Records that are written together. */
struct batch {
    GByteArray *bytes;
    GArray *ends;     /* size_t: after each record */
    bool begins_file; /* the file is opened anew before */
    char *path;       /* by another name; NULL: by its own */
    char *oldest;     /* is removed then; NULL: none */
};

struct recording_file {
    char *path, *name, *records; /* `name` is for sentences, with the path */
    char *newest;                /* the path that was told last */
    bool waits;
    bool is_begun;
    uv_thread_t thread;
    uv_mutex_t mutex; /* for all up to the thread's own */
    uv_cond_t has_work, has_moved, is_to_end;
    GQueue batches;       /* struct batch, the oldest first */
    size_t num_queued;    /* bytes that are not written yet, with those of the batch under way */
    uint64_t num_moved;   /* bytes written in all */
    uint64_t num_lost;    /* records that were dropped or not written */
    uint64_t num_dropped; /* those since dropping began */
    bool is_dropping;
    bool is_writing; /* a batch that is in the queue no more */
    bool is_awaited; /* by recording_file_flush() */
    bool is_failing, is_over, is_ending, is_given_up, is_done;

    /* the thread's own, once it runs */
    struct recording_output output;
    GByteArray *head;
};

/* ------------------------------------------------------------------------
 * Batches
 */

static struct batch *new_batch(bool begins_file)
{
    struct batch *batch = g_new0(struct batch, 1);
    batch->bytes = g_byte_array_sized_new(BATCH_BEGIN_LEN);
    batch->ends = g_array_new(FALSE, FALSE, sizeof(size_t));
    batch->begins_file = begins_file;
    return batch;
}

static void free_batch(struct batch *batch)
{
    g_byte_array_free(batch->bytes, TRUE);
    g_array_free(batch->ends, TRUE);
    g_free(batch->path);
    g_free(batch->oldest);
    g_free(batch);
}

static size_t end_of(const struct batch *batch, guint record)
{
    return g_array_index(batch->ends, size_t, record);
}

static void append(GByteArray *bytes, const struct sstp_span *pieces, size_t num)
{
    for (size_t i = 0; i < num; i++)
        if (pieces[i].len > 0)
            g_byte_array_append(bytes, pieces[i].data, (guint)pieces[i].len);
}

static void append_record(struct recording_file *file, const struct sstp_span *pieces, size_t num)
{
    struct batch *batch = g_queue_peek_tail(&file->batches);
    if (batch == NULL || batch->bytes->len >= BATCH_LEN) {
        batch = new_batch(false);
        g_queue_push_tail(&file->batches, batch);
    }
    append(batch->bytes, pieces, num);
    const size_t end = batch->bytes->len;
    g_array_append_val(batch->ends, end);
}

/* ------------------------------------------------------------------------
 * The thread: what the output asks and tells
 */

static bool pause_writing(void *cookie, unsigned ms)
{
    struct recording_file *file = cookie;
    uv_mutex_lock(&file->mutex);
    if (!file->is_given_up)
        (void)uv_cond_timedwait(&file->is_to_end, &file->mutex, UINT64_C(1000000) * ms);
    const bool goes_on = !file->is_given_up;
    uv_mutex_unlock(&file->mutex);
    return goes_on;
}

static bool is_given_up(void *cookie)
{
    struct recording_file *file = cookie;
    uv_mutex_lock(&file->mutex);
    const bool is = file->is_given_up;
    uv_mutex_unlock(&file->mutex);
    return is;
}

static void on_moved(void *cookie, size_t num)
{
    struct recording_file *file = cookie;
    uv_mutex_lock(&file->mutex);
    file->num_moved += num;
    uv_mutex_unlock(&file->mutex);
}

static void on_failing(void *cookie, bool is_failing)
{
    struct recording_file *file = cookie;
    uv_mutex_lock(&file->mutex);
    file->is_failing = is_failing;
    uv_cond_broadcast(&file->has_moved); /* nobody waits for a disk that fails */
    uv_mutex_unlock(&file->mutex);
}

/* ------------------------------------------------------------------------
 * The thread: writing
 */

/* Writes the head where it is due; false when all is over. */
static bool write_head(struct recording_file *file)
{
    enum recording_output_end end = RECORDING_OUTPUT_WRITTEN;
    while (file->output.has_to_begin && end != RECORDING_OUTPUT_OVER) {
        size_t at = 0;
        end = recording_output_write(&file->output, file->head->data, file->head->len, &at);
        if (end == RECORDING_OUTPUT_WRITTEN)
            file->output.has_to_begin = file->output.has_begun = false;
        else if (end == RECORDING_OUTPUT_OVER)
            recording_output_take_back(&file->output, at);
    }
    return end != RECORDING_OUTPUT_OVER;
}

/* The records of a batch from `record` on, in one go as far as it goes.  Returns the first
 * that has not been begun; *num_lost grows by those that will not be there. */
static guint write_records(struct recording_file *file, const struct batch *batch, guint record,
                           uint64_t *num_lost)
{
    size_t at = record == 0 ? 0 : end_of(batch, record - 1);
    file->output.has_begun = true;
    const enum recording_output_end end =
        recording_output_write(&file->output, batch->bytes->data, batch->bytes->len, &at);

    if (end == RECORDING_OUTPUT_WRITTEN)
        return batch->ends->len;
    while (record < batch->ends->len && end_of(batch, record) <= at)
        record++;
    const size_t whole = record == 0 ? 0 : end_of(batch, record - 1);
    if (end == RECORDING_OUTPUT_OVER) {
        recording_output_take_back(&file->output, at - whole);
        *num_lost += batch->ends->len - record;
        return batch->ends->len;
    }
    /* The next reader gets no rest of what the last one has begun. */
    if (at > whole) {
        *num_lost += 1;
        record++;
    }
    return record;
}

/* The file that what follows is in. */
static void begin_file(struct recording_file *file, const struct batch *batch)
{
    if (batch->path != NULL) {
        g_free(file->path);
        file->path = g_strdup(batch->path);
        file->output.path = file->path;
    }
    recording_output_reopen(&file->output);
    if (batch->oldest != NULL && unlink(batch->oldest) != 0 && errno != ENOENT)
        log_error("cannot remove %s, which the ring of files has no place for: %s", batch->oldest,
                  g_strerror(errno));
}

/* Returns how many of its records are lost. */
static uint64_t write_batch(struct recording_file *file, const struct batch *batch)
{
    uint64_t num_lost = 0;
    guint record = 0;
    if (batch->begins_file)
        begin_file(file, batch);
    do {
        if (!write_head(file))
            return num_lost + batch->ends->len - record;
        if (record < batch->ends->len)
            record = write_records(file, batch, record, &num_lost);
    } while (record < batch->ends->len || file->output.has_to_begin);
    return num_lost;
}

/* With the lock: to be woken for each record would cost more than to write it. */
static void gather(struct recording_file *file)
{
    if (file->num_queued < BATCH_LEN && !file->is_ending && !file->is_awaited)
        (void)uv_cond_timedwait(&file->has_work, &file->mutex, GATHER_NS);
}

static void write_batches(void *cookie)
{
    struct recording_file *file = cookie;
    struct batch *batch;

    recording_output_empty(&file->output);
    uv_mutex_lock(&file->mutex);
    for (;;) {
        while (g_queue_is_empty(&file->batches) && !file->is_ending)
            uv_cond_wait(&file->has_work, &file->mutex);
        gather(file);
        batch = g_queue_pop_head(&file->batches);
        if (batch == NULL)
            break;
        file->is_writing = true;
        uv_mutex_unlock(&file->mutex);
        const uint64_t num_lost = write_batch(file, batch);
        uv_mutex_lock(&file->mutex);
        file->is_writing = false;
        file->num_lost += num_lost;
        file->num_queued -= batch->bytes->len;
        file->is_over = file->output.is_over;
        uv_cond_broadcast(&file->has_moved);
        free_batch(batch);
    }
    file->is_done = true;
    uv_cond_broadcast(&file->has_moved);
    uv_mutex_unlock(&file->mutex);
}

/* ------------------------------------------------------------------------
 * Beginning
 */

struct recording_file *recording_file_open(const struct recording_file_config *config)
{
    struct recording_file *file = g_new0(struct recording_file, 1);
    file->path = g_strdup(config->path);
    file->newest = g_strdup(config->path);
    file->output = (struct recording_output){
        .path = file->path, .owner = {pause_writing, is_given_up, on_moved, on_failing, file}};
    if (!recording_output_open(&file->output)) {
        const int why = errno;
        g_free(file->path);
        g_free(file->newest);
        g_free(file);
        errno = why;
        return NULL;
    }
    file->name = strcmp(config->path, "-") == 0
                     ? g_strconcat(config->name, " on standard output", NULL)
                     : g_strconcat(config->name, " ", config->path, NULL);
    file->output.name = file->name;
    file->records = g_strdup(config->records);
    file->waits = config->waits;
    file->output.may_leave = config->may_leave;
    file->head = g_byte_array_new();
    g_queue_init(&file->batches);
    /* There is a head to be written, be there a record or not. */
    g_queue_push_tail(&file->batches, new_batch(false));
    uv_mutex_init(&file->mutex);
    uv_cond_init(&file->has_work);
    uv_cond_init(&file->has_moved);
    uv_cond_init(&file->is_to_end);
    return file;
}

bool recording_file_is_stdout(const struct recording_file *file)
{
    return file->output.is_stdout;
}

void recording_file_begin(struct recording_file *file)
{
    sigset_t all, before;
    /* Signals are for the thread that serves. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    file->is_begun = uv_thread_create(&file->thread, write_batches, file) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!file->is_begun) {
        log_error("the %s cannot be written: there can be no thread for it", file->name);
        file->is_over = true;
    }
}

/* ------------------------------------------------------------------------
 * Putting
 */

/* With the lock: whether a record of this length has a place, perhaps after a while. */
static bool has_room(struct recording_file *file, enum recording_file_part part, size_t len)
{
    const size_t max = part == RECORDING_FILE_END ? RECORDING_FILE_QUEUE_MAX + END_ROOM
                       : file->is_dropping        ? QUEUE_RESUME_MAX
                                                  : RECORDING_FILE_QUEUE_MAX;
    while (file->waits && file->is_begun && !file->is_failing && !file->is_over &&
           file->num_queued > 0 && file->num_queued + len > max)
        uv_cond_wait(&file->has_moved, &file->mutex);
    return !file->is_over && file->num_queued + len <= max;
}

/* With the lock. */
static bool put_or_drop(struct recording_file *file, enum recording_file_part part,
                        const struct sstp_span *pieces, size_t num)
{
    size_t len = 0;
    for (size_t i = 0; i < num; i++)
        len += pieces[i].len;
    if (!has_room(file, part, len)) {
        file->num_lost++;
        file->num_dropped++;
        return false;
    }
    if (g_queue_is_empty(&file->batches) ||
        (file->num_queued < BATCH_LEN && file->num_queued + len >= BATCH_LEN))
        uv_cond_signal(&file->has_work);
    append_record(file, pieces, num);
    file->num_queued += len;
    return true;
}

bool recording_file_put(struct recording_file *file, enum recording_file_part part,
                        const struct sstp_span *pieces, size_t num)
{
    if (part == RECORDING_FILE_HEAD) {
        append(file->head, pieces, num);
        return true;
    }
    uv_mutex_lock(&file->mutex);
    const bool is_put = put_or_drop(file, part, pieces, num);
    const bool is_change =
        part == RECORDING_FILE_RECORD && is_put == file->is_dropping && !file->is_over;
    const uint64_t num_dropped = file->num_dropped;
    if (is_change)
        file->is_dropping = !is_put;
    if (is_change && is_put)
        file->num_dropped = 0;
    uv_mutex_unlock(&file->mutex);
    if (is_change && !is_put)
        log_error("the %s is not written as fast as %s come: they are dropped from here on",
                  file->name, file->records);
    else if (is_change)
        log_error("the %s goes on: %" PRIu64 " of the %s were dropped", file->name, num_dropped,
                  file->records);
    return is_put;
}

void recording_file_reopen(struct recording_file *file)
{
    uv_mutex_lock(&file->mutex);
    const struct batch *tail = g_queue_peek_tail(&file->batches);
    /* Once is enough where nothing has come between. */
    if (tail == NULL || !tail->begins_file || tail->ends->len > 0)
        g_queue_push_tail(&file->batches, new_batch(true));
    uv_cond_signal(&file->has_work);
    uv_mutex_unlock(&file->mutex);
}

const char *recording_file_path(const struct recording_file *file)
{
    return file->newest;
}

void recording_file_go_on_in(struct recording_file *file, const char *path, const char *oldest)
{
    struct batch *batch = new_batch(true);
    batch->path = g_strdup(path);
    batch->oldest = g_strdup(oldest);
    uv_mutex_lock(&file->mutex);
    g_free(file->newest);
    file->newest = g_strdup(path);
    g_queue_push_tail(&file->batches, batch);
    uv_cond_signal(&file->has_work);
    uv_mutex_unlock(&file->mutex);
}

void recording_file_flush(struct recording_file *file)
{
    uv_mutex_lock(&file->mutex);
    file->is_awaited = true;
    uv_cond_signal(&file->has_work);
    while (file->is_writing || !g_queue_is_empty(&file->batches))
        uv_cond_wait(&file->has_moved, &file->mutex);
    file->is_awaited = false;
    uv_mutex_unlock(&file->mutex);
}

/* ------------------------------------------------------------------------
 * The end
 */

/* With the lock: waits until the thread is done, as long as there is reason to hope. */
static void await_end(struct recording_file *file)
{
    const uint64_t begin_ns = uv_hrtime();
    uint64_t moved_ns = begin_ns, num_moved = file->num_moved;

    while (!file->is_done) {
        (void)uv_cond_timedwait(&file->has_moved, &file->mutex, LOOK_NS);
        const uint64_t now_ns = uv_hrtime();
        const uint64_t patience_ms =
            file->is_failing ? STANDSTILL_FAILING_MS : RECORDING_FILE_STANDSTILL_MS;
        if (num_moved != file->num_moved || (file->waits && !file->is_failing))
            moved_ns = now_ns;
        num_moved = file->num_moved;
        if (now_ns - moved_ns > patience_ms * 1000000 ||
            (!file->waits && now_ns - begin_ns > RECORDING_FILE_END_MS * UINT64_C(1000000)))
            return;
    }
}

/* A thread that the system does not let go cannot be waited for, nor what it uses be freed. */
static bool end_thread(struct recording_file *file)
{
    uv_mutex_lock(&file->mutex);
    file->is_ending = true;
    uv_cond_signal(&file->has_work);
    await_end(file);
    if (!file->is_done) {
        file->is_given_up = true;
        uv_cond_broadcast(&file->is_to_end);
        const uint64_t begin_ns = uv_hrtime();
        while (!file->is_done &&
               uv_hrtime() - begin_ns < RECORDING_FILE_STANDSTILL_MS * UINT64_C(1000000))
            (void)uv_cond_timedwait(&file->has_moved, &file->mutex, LOOK_NS);
    }
    const bool is_done = file->is_done;
    uv_mutex_unlock(&file->mutex);
    if (is_done)
        uv_thread_join(&file->thread);
    return is_done;
}

static void free_file(struct recording_file *file)
{
    g_queue_clear_full(&file->batches, (GDestroyNotify)(void (*)(void))free_batch);
    uv_cond_destroy(&file->has_work);
    uv_cond_destroy(&file->has_moved);
    uv_cond_destroy(&file->is_to_end);
    uv_mutex_destroy(&file->mutex);
    g_byte_array_free(file->head, TRUE);
    g_free(file->path);
    g_free(file->newest);
    g_free(file->name);
    g_free(file->records);
    g_free(file);
}

bool recording_file_close(struct recording_file *file)
{
    if (file == NULL)
        return true;
    if (!file->is_begun) {
        const bool is_good = !file->is_over;
        recording_output_discard(&file->output);
        free_file(file);
        return is_good;
    }
    if (!end_thread(file)) {
        log_error("the %s could not be written to its end: the system does not take it",
                  file->name);
        return false;
    }
    bool is_good = recording_output_close(&file->output);
    if (file->output.is_over && file->output.may_leave) {
        free_file(file);
        return is_good;
    }
    if (file->num_lost > 0)
        log_error("the %s lacks %" PRIu64 " of its %s", file->name, file->num_lost, file->records);
    else if (file->output.has_to_begin)
        log_error("the %s could not be written", file->name);
    is_good = is_good && file->num_lost == 0 && !file->output.has_to_begin;
    free_file(file);
    return is_good;
}
