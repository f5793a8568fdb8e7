/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the seeds of fuzz_stream to the folder that is its argument: each vector
 * of tests/lib whole and mode by mode, conversations of all of them in several
 * cuts, and each vector broken in the ways that rules can be broken.
 */
#include <stdio.h>
#include <stdlib.h>

#include "vectors.h"

enum { PREFIX_LEN = 5 };

static uint8_t input[PREFIX_LEN + 8192];

static void write_seed(const char *folder, const char *what, size_t number, size_t len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/seed-%s-%02zu", folder, what, number);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(input, 1, len, file) != len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static void set_prefix(uint8_t choice, const uint8_t sizes[PREFIX_LEN - 1])
{
    input[0] = choice;
    memcpy(input + 1, sizes, PREFIX_LEN - 1);
}

int main(int argc, char **argv)
{
    /* What byte 0 and the chunk sizes mean is said in fuzz_stream.c. */
    static const uint8_t whole[] = {0, 0, 0, 0}, small[] = {1, 2, 3, 5},
                         middle[] = {7, 100, 20, 255};
    static const struct {
        uint8_t choice;
        const uint8_t *sizes;
    } ways[] = {{0x00, whole},  {0x00, small},  {0x01, middle}, {0x06, middle},
                {0x0a, middle}, {0x11, middle}, {0x21, middle}, {0x32, small}};
    uint8_t *bytes = input + PREFIX_LEN;
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < num_vectors; i++) {
        const size_t len = vector_bytes(&vectors[i], bytes);
        set_prefix(0x00, whole);
        write_seed(argv[1], "vector", i, PREFIX_LEN + len);

        /* Wrong all at once: a length too large by one, the last byte set. */
        set_prefix(0x01, whole);
        bytes[1]++;
        bytes[len - 1] ^= 0xff;
        write_seed(argv[1], "broken", i, PREFIX_LEN + len + 1);
    }
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        size_t len = 0;
        for (size_t j = 0; j < num_vectors; j++)
            len += vector_bytes(&vectors[j], bytes + len);
        set_prefix(ways[i].choice, ways[i].sizes);
        write_seed(argv[1], "conversation", i, PREFIX_LEN + len);
    }
    return 0;
}
