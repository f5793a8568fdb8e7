/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quick_sqlite.h"

#include <sqlite3.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "program.h"

#define POOL_SIZE ((size_t)1 << 30) /* of addresses; what is never used costs nothing */
#define CLASS_MIN 5u                /* blocks have 2^5 bytes and more */
#define CLASSES 27u

/* Before each block; as long as the largest alignment. */
struct head {
    struct head *next; /* while it is free */
    uint32_t class;
    uint32_t unused;
};

static uint8_t *pool;
static size_t pool_used;
static struct head *free_blocks[CLASSES];

static size_t size_of_class(uint32_t class)
{
    return (size_t)1 << class;
}

static void *take(int size)
{
    uint32_t class = CLASS_MIN;
    while (size_of_class(class) < (size_t)size)
        class ++;
    MUST(class < CLASSES);
    struct head *head = free_blocks[class];
    if (head != NULL) {
        free_blocks[class] = head->next;
        return head + 1;
    }
    if (pool_used + sizeof *head + size_of_class(class) > POOL_SIZE)
        return NULL;
    head = (struct head *)(void *)(pool + pool_used);
    pool_used += sizeof *head + size_of_class(class);
    head->class = class;
    return head + 1;
}

static void give_back(void *block)
{
    struct head *head = (struct head *)block - 1;
    head->next = free_blocks[head->class];
    free_blocks[head->class] = head;
}

static int size_of(void *block)
{
    return (int)size_of_class(((struct head *)block - 1)->class);
}

static void *resize(void *block, int size)
{
    const int old = size_of(block);
    if (size <= old)
        return block;
    void *larger = take(size);
    if (larger != NULL) {
        memcpy(larger, block, (size_t)old);
        give_back(block);
    }
    return larger;
}

static int round_up(int size)
{
    return (size + 7) & ~7;
}

static int begin(void *cookie)
{
    (void)cookie;
    return SQLITE_OK;
}

static void end(void *cookie)
{
    (void)cookie;
}

void quick_sqlite_begin(void)
{
    static const sqlite3_mem_methods methods = {take,     give_back, resize, size_of,
                                                round_up, begin,     end,    NULL};
    if (pool != NULL)
        return;
    pool = mmap(NULL, POOL_SIZE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    MUST(pool != MAP_FAILED);
    MUST(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK);
    MUST(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
    MUST(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
}
