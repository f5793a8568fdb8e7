/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message: the payload of a whole message, put together at its EndMessage.
 *
 * A message whose commands all lie in one chunk needs no memory: whoever walks
 * the chunk's commands, on any pass, gathers it as it goes (the tracker).  One
 * that goes on in another frame becomes a struct grvsstp_message in file scope,
 * and the plans of its frames link to it.
 */
#ifndef GRVSSTP_FOLLOW_MESSAGE_H
#define GRVSSTP_FOLLOW_MESSAGE_H

#include "fields/fields.h"

#include <epan/prefs.h>

/* A frame that brought a piece of a command or of a message. */
struct grvsstp_contribution {
    struct grvsstp_contribution *next;
    uint32_t frame;
    uint16_t len;    /* bytes, of a piece of a command */
    uint16_t offset; /* of them in the frame (source.h); 0 where they cannot be read again */
};

struct grvsstp_contributions {
    struct grvsstp_contribution *first, *last;
};

/* Notes that a frame brought `len` bytes, which stand at `offset` in it; 0 where they cannot be
 * read again.  File scope. */
void grvsstp_contribute(struct grvsstp_contributions *list, uint32_t frame, uint32_t offset,
                        size_t len);

/* Whether all that was contributed can be read again, and is `len` bytes. */
bool grvsstp_contributions_are_placed(const struct grvsstp_contributions *list, size_t len);

/* Reads `len` of the bytes that were contributed, from the one after `skip` on. */
bool grvsstp_contributions_read(const struct grvsstp_contributions *list, const packet_info *pinfo,
                                size_t skip, size_t len, uint8_t *to);

/* Payload of one Data command.  File scope. */
struct grvsstp_payload {
    struct grvsstp_payload *next;
    const uint8_t *bytes; /* NULL: they are read again */
    /* The frames of the split command that ends in it, whose bytes serve where they are kept; NULL
     * where it was not split. */
    const struct grvsstp_contributions *pieces;
    uint32_t frame; /* that brought the command, or its end */
    uint16_t len;
    uint16_t offset; /* in that frame, where it was not split; 0 where it cannot be read again */
};

struct grvsstp_fragments;

/* A message that lies in several chunks, or a fragment.  File scope. */
struct grvsstp_message {
    uint64_t length;      /* bytes of payload so far */
    bool is_whole;        /* every one of them is in the list */
    uint32_t end_frame;   /* of its EndMessage; 0 while there is none */
    uint32_t begin_frame; /* of its Message, with the frames before that it was split over */
    const struct grvsstp_contributions *begin_pieces; /* NULL where it was not */
    struct grvsstp_payload *first, *last;
    struct grvsstp_contributions contributions;
    struct grvsstp_fragments *fragments; /* that it is one of; NULL */
    uint32_t fragment_number;
};

/* Bytes of a message that lies in one chunk. */
struct grvsstp_slice {
    struct grvsstp_slice *next;
    struct sstp_span bytes;
    uint32_t num_missing;                       /* that were not captured */
    const struct grvsstp_contributions *pieces; /* of a split command; NULL */
    uint32_t offset; /* of the command in the chunk; the Message's slice has no bytes */
};

struct grvsstp_local {
    uint32_t session_id;
    uint64_t length;
    struct grvsstp_slice *first, *last;
};

/* More sessions than this with a message open in one chunk: the others are
 * treated as if they went on after it. */
#define GRVSSTP_LOCALS_MAX 8u

struct grvsstp_tracker {
    wmem_allocator_t *pool; /* of the packet */
    unsigned num_locals;
    struct grvsstp_local locals[GRVSSTP_LOCALS_MAX];
    struct grvsstp_local done; /* what the last EndMessage completed */
};

enum grvsstp_track {
    GRVSSTP_TRACK_NOTHING,  /* the command is no part of a message */
    GRVSSTP_TRACK_OPEN,     /* part of a message that began in this chunk */
    GRVSSTP_TRACK_DONE,     /* its EndMessage: see tracker->done */
    GRVSSTP_TRACK_ELSEWHERE /* part of a message that the tracker does not hold */
};

void grvsstp_tracker_init(struct grvsstp_tracker *tracker, wmem_allocator_t *pool);

/* Takes the next command of the chunk, which begins at `offset`; a fragment it leaves alone.
 * `bytes` are those captured of it and have to live as long as the tracker is asked; `pieces` are
 * not NULL where it is a split command. */
enum grvsstp_track grvsstp_tracker_take(struct grvsstp_tracker *tracker, struct sstp_span bytes,
                                        const struct grvsstp_contributions *pieces,
                                        uint32_t offset);

/* Whether a Message command, as far as it is there, begins a fragment. */
bool grvsstp_is_fragment(struct sstp_span bytes);

/* Whether the bytes of a session command are there as far as its SessionId. */
bool grvsstp_has_session_id(struct sstp_span bytes);

/* The SessionId of a session command, whose bytes are there as far as that. */
uint32_t grvsstp_session_id(struct sstp_span bytes);

/* The payload of a Data command, as far as it was captured, and how many bytes of it were not. */
struct sstp_span grvsstp_data_payload(struct sstp_span bytes, uint32_t *num_missing);

/* Whether a message whose payload begins so has a header of its own (RFC 822, 2045): what its
 * first line names is one of the fields that such a header begins with. */
bool grvsstp_is_mime(struct sstp_span beginning);

/* First pass: the messages of one direction that lie in several chunks, by
 * SessionId.  A gap ends them all. */
struct grvsstp_spanning {
    wmem_map_t *by_session; /* NULL until the first */
};

/* `frame` completed the Message command; `pieces` are its frames where it was split.  What was
 * open on the session goes as with grvsstp_spanning_end(). */
struct grvsstp_message *grvsstp_spanning_begin(struct grvsstp_spanning *spanning,
                                               uint32_t session_id, uint32_t frame,
                                               const struct grvsstp_contributions *pieces,
                                               wmem_allocator_t *pool);
struct grvsstp_message *grvsstp_spanning_find(const struct grvsstp_spanning *spanning,
                                              uint32_t session_id);
/* The message is freed with the pool of the packet at hand where no frame is shown again. */
void grvsstp_spanning_end(struct grvsstp_spanning *spanning, uint32_t session_id,
                          wmem_allocator_t *pool);
void grvsstp_spanning_end_all(struct grvsstp_spanning *spanning);

/* Appends payload that `frame` brought, where it stands at `offset` (source.h), or, with `pieces`,
 * completed, and `num_missing` bytes of it that were not captured; of bytes that are not kept as
 * those of a split command a copy is made. */
void grvsstp_message_append(struct grvsstp_message *message, struct sstp_span payload,
                            uint32_t num_missing, const struct grvsstp_contributions *pieces,
                            uint32_t frame, uint32_t offset);

/* The bytes of a part, which may have to be read again; false where the file does not give them. */
bool grvsstp_payload_read(const struct grvsstp_payload *part, const packet_info *pinfo,
                          uint8_t *to);

/* Bytes of the longest message that is put together. */
uint64_t grvsstp_message_max(void);

/* Registers the preference for the longest message that is put together. */
void grvsstp_message_register_preferences(module_t *module);

#endif
