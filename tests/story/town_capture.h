/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * town_capture: what passes in a town, as a capture, and the truth about it, for who reads
 * captures.
 *
 * PREFIX.pcap has TCP connections; everybody has an address of his own. PREFIX.jsonl has a line
 * for each message that was told to a relay ("message": its recipients, who has it in truth), for
 * each hop of it ("hop") and for each time that it was sent there and seen ("leg": its
 * EndMessage's time, which no other has, and that of its acknowledgement; null: none was seen).
 */
#ifndef TESTS_STORY_TOWN_CAPTURE_H
#define TESTS_STORY_TOWN_CAPTURE_H

#include "tale.h"

struct town;
struct town_capture;

/* NULL with errno set where a file cannot be made. */
struct town_capture *town_capture_open(const char *prefix);
/* False with errno set where something could not be written. */
bool town_capture_close(struct town_capture *capture);

const struct tale_listener *town_capture_listener(const struct town_capture *capture);

/* At the end: what is true. */
void town_capture_truth(struct town_capture *capture, const struct town *town);

#endif
