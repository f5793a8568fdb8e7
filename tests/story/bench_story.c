/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_story: what a leg costs, for more and more journeys: a straight line is the same time and
 * memory for each. The half of them has contents of its own; the others say one of five things.
 *
 *     ninja story_cost
 */
#include <stdio.h>
#include <time.h>

#include "counting_mem.h"
#include "tale.h"

#define RELAY "grooveDNS://r"
#define BATCH 50u

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void send_batch(struct tale_connection *a, struct tale_connection *b, unsigned first)
{
    char text[64];

    for (int hop = 0; hop < 2; hop++)
        for (unsigned i = first; i < first + BATCH; i++) {
            if (i % 2 == 0)
                snprintf(text, sizeof text, "message %u, which is like no other", i);
            else
                snprintf(text, sizeof text, "text %u", i / 2 % 5);
            tale_send(hop == 0 ? a : b, hop == 0, hop == 0 ? 1 : 0x80000001, text);
        }
    tale_acknowledge(a, false, BATCH);
    tale_acknowledge(b, true, BATCH);
}

/* Memory of messages that no one sends on: what a leg costs that is like no other, and one that
 * says one of five things. */
static void weigh(unsigned num_messages, bool is_unique)
{
    struct counting_mem counting;
    char text[64];
    struct tale tale;

    counting_mem_init(&counting);
    const struct sstp_story_config config = {.mem = &counting.mem, .keeps_numbers = true};
    tale_init(&tale, &config);
    struct tale_connection *a = tale_connect(&tale, "dpp:///a", RELAY);
    tale_open(a, true, 1, "res", "id:b", "");
    for (unsigned i = 0; i < num_messages; i++) {
        snprintf(text, sizeof text, "message %u, which is like no other", is_unique ? i : i % 5);
        tale_send(a, true, 1, text);
        if (i % BATCH == BATCH - 1)
            tale_acknowledge(a, false, BATCH);
    }
    printf("%8u messages, %s contents: %.1f bytes a message\n", num_messages,
           is_unique ? "unique" : "repeated", (double)counting.num_bytes / num_messages);
    tale_clear(&tale);
}

static unsigned run(unsigned num_journeys)
{
    const struct sstp_story_config config = {.keeps_numbers = true};
    unsigned num_delivered = 0;
    struct tale tale;

    tale_init(&tale, &config);
    struct tale_connection *a = tale_connect(&tale, "dpp:///a", RELAY);
    struct tale_connection *b = tale_connect(&tale, "dpp:///b", RELAY);
    tale_attach(b);
    tale_open(a, true, 1, "res", "id:b", "");
    tale_open(b, false, 0x80000001, "res", "id:b", "");
    const double begin = seconds();
    for (unsigned i = 0; i < num_journeys; i += BATCH)
        send_batch(a, b, i);
    const double told = seconds();
    sstp_story_finish(tale.story);
    for (uint32_t i = 0; i < sstp_story_num_journeys(tale.story); i++)
        num_delivered += sstp_story_outcomes(tale.story, i) == 1u << SSTP_STORY_DELIVERED;
    const double asked = seconds();
    printf("%8u journeys: %.3f us a leg to tell, observer included; %.3f us to ask; %u delivered\n",
           num_journeys, (told - begin) / num_journeys / 2 * 1e6,
           (asked - told) / num_journeys / 2 * 1e6, num_delivered);
    tale_clear(&tale);
    return num_delivered;
}

int main(void)
{
    for (unsigned num = 100000; num <= 200000; num += 25000)
        weigh(num, true);
    weigh(100000, false);
    for (unsigned num = 12500; num <= 400000; num *= 2)
        if (run(num) != num)
            return 1;
    return 0;
}
