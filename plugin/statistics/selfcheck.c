/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selfcheck.c: `-z grvsstp,selfcheck`, where the plugin shows something else than the answers in
 * the capture tell. */
#include "statistics/selfcheck.h"

#include "statistics/parts.h"
#include "statistics/table.h"

#include <epan/epan_dissect.h>

enum column {
    STREAM,
    DIRECTION,
    WHAT,
    TOLD,
    SHOWN,
    ALIKE,
    DIFFERENT,
    NOT_SHOWN, /* told, and not in what was captured or can be known from it */
    NOT_TOLD,  /* shown, and nobody looked at it any more, or the answer is lost */
    FRAME,     /* of the first difference */
    DIFFERENCE,
    NUM_COLUMNS
};

/* clang-format off */
static stat_tap_table_item columns[NUM_COLUMNS] = {
    {TABLE_ITEM_UINT,   TAP_ALIGN_LEFT,  "Stream",           "%6u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "From",             "%-9s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "What",             "%-12s"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Told",             "%6u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Shown",            "%6u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Alike",            "%6u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Different",        "%9u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Not shown",        "%9u"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "Not told",         "%8u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "In frame",         "%14s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "First difference", "%s"}};
/* clang-format on */

static const char *const kind_names[GRVSSTP_ANSWER_KINDS] = {
    [GRVSSTP_ANSWER_COMMAND] = "commands",          [GRVSSTP_ANSWER_MESSAGE] = "messages",
    [GRVSSTP_ANSWER_ACKNOWLEDGED] = "acknowledged", [GRVSSTP_ANSWER_CONNECTION] = "connection",
    [GRVSSTP_ANSWER_SESSION] = "sessions",
};

#define LANES_MAX (1u << 16) /* sessions of one side; more are not held against anything */
#define MISSING_MAX 256      /* what both sides may have, and the other has not, at a time */
#define GAP_MAX 4096         /* what may be missing at a time: a relay's queue, sent at once */
/* So far may what is told be from where it is shown: answers go with the segment that was next. */
#define OUT_OF_ORDER_MAX 64
#define AHEAD_MAX 65536u /* what is told at once: all that is going to be sent */
#define TEXT_SIZE 80u
#define COMMENT_FIELD "frame.comment"
#define FIRST_STATE "\tconnecting\n" /* the end of the words of a connection's */
#define FIRST_COMMAND "command\tConnect\n"

static struct grvsstp_table table;

/* Something in words; of what is shown, with its frame. */
struct said {
    uint32_t frame;
    guint hash;         /* of the words */
    bool is_before_all; /* of those that both sides have */
    char *words;
};

/* What comes in one order: of a session where states are compared, of whose order among
 * themselves nobody knows; else everything of a check. */
struct lane {
    GQueue told, shown; /* struct said, that were not found on the other side so far */
    bool has_alike;
    char *last; /* state that was shown */
};

/* Of one kind, in one direction of a connection, or in both. */
struct check {
    struct grvsstp_row row;
    GHashTable *lanes; /* by session, or 0 */
    uint32_t num_told, num_shown, num_alike, num_different;
    bool has_difference;
    /* Of connections: whose states are compared; whether the first of them was told, and of the
     * initiator's commands, where he tells any, his Connect. */
    bool has_end, at_initiator, has_first_state, has_initiator, has_connect;
    const struct check *connection; /* that it is of */
};

static void free_said(gpointer said)
{
    g_free(((struct said *)said)->words);
    g_free(said);
}

static void free_lane(gpointer cookie)
{
    struct lane *lane = cookie;
    g_queue_clear_full(&lane->told, free_said);
    g_queue_clear_full(&lane->shown, free_said);
    g_free(lane->last);
    g_free(lane);
}

static void clear_check(void *row)
{
    struct check *check = row;
    g_hash_table_destroy(check->lanes);
}

/* ------------------------------------------------------------------------
 * Comparing
 */

static struct check *check_of(uint32_t stream, bool from_initiator, enum grvsstp_answer_kind kind)
{
    const uint64_t key =
        ((uint64_t)stream * 2 + (from_initiator ? 0 : 1)) * GRVSSTP_ANSWER_KINDS + kind;
    bool is_new;
    struct check *check = grvsstp_table_row(&table, key, &is_new);
    if (is_new) {
        check->lanes = g_hash_table_new_full(NULL, NULL, NULL, free_lane);
        check->connection = kind == GRVSSTP_ANSWER_CONNECTION
                                ? check
                                : check_of(stream, true, GRVSSTP_ANSWER_CONNECTION);
        grvsstp_row_number(&check->row, STREAM, stream % GRVSSTP_SELFCHECK_UNTOLD);
        grvsstp_row_text(&check->row, DIRECTION,
                         kind == GRVSSTP_ANSWER_CONNECTION ? "both"
                         : from_initiator                  ? "initiator"
                                                           : "acceptor");
        grvsstp_row_text(&check->row, WHAT, kind_names[kind]);
    }
    return check;
}

/* NULL when there are too many. */
static struct lane *lane_of(struct check *check, uint32_t session_id)
{
    struct lane *lane = g_hash_table_lookup(check->lanes, GUINT_TO_POINTER(session_id));
    if (lane == NULL && g_hash_table_size(check->lanes) < LANES_MAX) {
        lane = g_new0(struct lane, 1);
        g_hash_table_insert(check->lanes, GUINT_TO_POINTER(session_id), lane);
    }
    return lane;
}

/* The first line of `words` that is not in the same place of `others`. */
static char *first_other_line(const char *words, const char *others)
{
    char **lines = g_strsplit(words, "\n", -1), **other_lines = g_strsplit(others, "\n", -1);
    guint i = 0;
    while (lines[i] != NULL && other_lines[i] != NULL && strcmp(lines[i], other_lines[i]) == 0)
        i++;
    char *line = g_strdup(lines[i] != NULL ? lines[i] : "");
    g_strfreev(lines);
    g_strfreev(other_lines);
    return line;
}

static void note_difference(struct check *check, const struct said *told, const struct said *shown)
{
    char told_text[TEXT_SIZE], shown_text[TEXT_SIZE];

    check->num_different++;
    if (check->has_difference)
        return;
    check->has_difference = true;
    char *told_line = first_other_line(told->words, shown->words);
    char *shown_line = first_other_line(shown->words, told->words);
    grvsstp_plain_text(told_text, sizeof told_text, told_line);
    grvsstp_plain_text(shown_text, sizeof shown_text, shown_line);
    char *text = g_strdup_printf("told %s, shown %s", told_text, shown_text);
    grvsstp_row_text(&check->row, DIFFERENCE, text);
    grvsstp_row_big_number(&check->row, FRAME, shown->frame);
    g_free(text);
    g_free(told_line);
    g_free(shown_line);
}

static void drop_head(GQueue *queue)
{
    free_said(g_queue_pop_head(queue));
}

static bool says(const struct said *said, guint hash, const char *words)
{
    return said->hash == hash && strcmp(said->words, words) == 0;
}

static void set_before_all(gpointer said, gpointer unused)
{
    (void)unused;
    ((struct said *)said)->is_before_all = true;
}

/* Takes the first that says the same out of a queue, unless it is too far; those that are long
 * before it have nothing on the other side.  False when there is none. */
static bool take_alike(struct lane *lane, GQueue *queue, GQueue *other, const char *words)
{
    const guint hash = g_str_hash(words);
    int place = 0;
    GList *link = queue->head;
    while (link != NULL && place < GAP_MAX && !says(link->data, hash, words)) {
        link = link->next;
        place++;
    }
    if (link == NULL || place == GAP_MAX)
        return false;
    if (!lane->has_alike) {
        for (const GList *before = link->prev; before != NULL; before = before->prev)
            set_before_all(before->data, NULL);
        g_queue_foreach(other, set_before_all, NULL);
        lane->has_alike = true;
    }
    free_said(link->data);
    g_queue_delete_link(queue, link);
    for (; place > OUT_OF_ORDER_MAX; place--)
        drop_head(queue);
    return true;
}

/* Where a capture begins in mid-conversation, the answers of what passes first were before that:
 * what is shown before anything that was told is nothing else than that. */
static bool is_not_told(const struct check *check, const struct lane *lane,
                        const struct said *shown)
{
    const struct check *connection = check->connection;
    const bool has_beginning =
        connection->has_first_state && (!connection->has_initiator || connection->has_connect);
    return !has_beginning && (shown->is_before_all || !lane->has_alike);
}

/* What is told may be the beginning of a connection. */
static void note_beginning(const struct grvsstp_answer *answer)
{
    struct check *connection = check_of(answer->stream, true, GRVSSTP_ANSWER_CONNECTION);
    if (answer->kind == GRVSSTP_ANSWER_CONNECTION && connection->num_told == 0) {
        connection->has_first_state = g_str_has_suffix(answer->words, FIRST_STATE);
    } else if (answer->kind == GRVSSTP_ANSWER_COMMAND && answer->from_initiator) {
        connection->has_initiator = true;
        connection->has_connect |= g_str_has_prefix(answer->words, FIRST_COMMAND);
    }
}

/* What is left on both sides, more of it than can be missing, is different; at the end, when
 * nothing more comes, all of it. */
static void compare_rest(struct check *check, struct lane *lane, bool is_end)
{
    const guint max = is_end ? 0 : MISSING_MAX;
    while (lane->told.length > max && lane->shown.length > max) {
        const struct said *told = g_queue_peek_head(&lane->told);
        const struct said *shown = g_queue_peek_head(&lane->shown);
        if (!is_not_told(check, lane, shown)) {
            note_difference(check, told, shown);
            drop_head(&lane->told);
        }
        drop_head(&lane->shown);
    }
}

static void show(struct check *check)
{
    const uint32_t num_found = check->num_alike + check->num_different;
    grvsstp_row_number(&check->row, TOLD, check->num_told);
    grvsstp_row_number(&check->row, SHOWN, check->num_shown);
    grvsstp_row_number(&check->row, ALIKE, check->num_alike);
    grvsstp_row_number(&check->row, DIFFERENT, check->num_different);
    grvsstp_row_number(&check->row, NOT_SHOWN, check->num_told - num_found);
    grvsstp_row_number(&check->row, NOT_TOLD, check->num_shown - num_found);
}

/* `words` are taken over. */
static void say(struct check *check, struct lane *lane, bool is_told, uint32_t frame, char *words)
{
    GQueue *queue = is_told ? &lane->told : &lane->shown;

    if (is_told)
        check->num_told++;
    else
        check->num_shown++;
    if (take_alike(lane, is_told ? &lane->shown : &lane->told, queue, words)) {
        check->num_alike++;
        g_free(words);
    } else {
        struct said *said = g_new(struct said, 1);
        *said = (struct said){frame, g_str_hash(words), false, words};
        g_queue_push_tail(queue, said);
    }
    /* One side may be missing altogether. */
    if (queue->length > AHEAD_MAX)
        drop_head(queue);
    compare_rest(check, lane, false);
    show(check);
}

static void finish_check(void *row)
{
    struct check *check = row;
    GHashTableIter iter;
    gpointer lane;
    g_hash_table_iter_init(&iter, check->lanes);
    while (g_hash_table_iter_next(&iter, NULL, &lane))
        compare_rest(check, lane, true);
    show(check);
}

/* ------------------------------------------------------------------------
 * What is told, and what is shown
 */

/* Where both ends tell their states, only those of the initiator are compared, whose end is
 * captured, and who is the first to have one. */
static bool is_compared(const struct grvsstp_answer *answer)
{
    if (answer->stream >= GRVSSTP_SELFCHECK_STREAMS_MAX)
        return false;
    if (answer->kind != GRVSSTP_ANSWER_CONNECTION && answer->kind != GRVSSTP_ANSWER_SESSION)
        return true;
    struct check *connection = check_of(answer->stream, true, GRVSSTP_ANSWER_CONNECTION);
    if (!connection->has_end) {
        connection->has_end = true;
        connection->at_initiator = answer->at_initiator;
    }
    return connection->at_initiator == answer->at_initiator;
}

static void note_answer(const packet_info *pinfo, const char *comment)
{
    struct grvsstp_answer answer;

    if (!grvsstp_answer_read(&answer, comment))
        return;
    if (!is_compared(&answer)) {
        g_free(answer.words);
        return;
    }
    if (answer.kind == GRVSSTP_ANSWER_COMMAND)
        grvsstp_selfcheck_streams_told(answer.stream, answer.from_initiator, answer.words);
    const bool from_initiator = answer.kind == GRVSSTP_ANSWER_CONNECTION || answer.from_initiator;
    struct check *check = check_of(answer.stream, from_initiator, answer.kind);
    struct lane *lane = lane_of(check, answer.session_id);
    note_beginning(&answer);
    if (lane != NULL)
        say(check, lane, true, pinfo->num, answer.words);
    else
        g_free(answer.words);
}

/* Of a frame with comments.  Wireshark has taken them off its record by now, so they are read
 * where it has put them. */
static tap_packet_status note_answers(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                                      const void *data, tap_flags_t flags)
{
    const int *field = tapdata;

    (void)data;
    (void)flags;
    const GPtrArray *found =
        grvsstp_table_is_shown(&table) ? proto_get_finfo_ptr_array(edt->tree, *field) : NULL;
    for (guint i = 0; found != NULL && i < found->len; i++)
        note_answer(pinfo, grvsstp_field_string(g_ptr_array_index(found, i)));
    return found != NULL ? TAP_PACKET_REDRAW : TAP_PACKET_DONT_REDRAW;
}

/* Of one of the streams that were told.  A state is told when it is another one. */
static void say_shown(uint32_t told_stream, const struct grvsstp_shown *shown)
{
    struct check *check = check_of(told_stream, shown->from_initiator, shown->kind);
    struct lane *lane = lane_of(check, shown->session_id);
    const bool is_state =
        shown->kind == GRVSSTP_ANSWER_CONNECTION || shown->kind == GRVSSTP_ANSWER_SESSION;

    if (lane == NULL || (is_state && g_strcmp0(lane->last, shown->words) == 0)) {
        g_free(shown->words);
        return;
    }
    if (is_state) {
        g_free(lane->last);
        lane->last = g_strdup(shown->words);
    }
    say(check, lane, false, shown->frame, shown->words);
}

static void finish_streams(void)
{
    grvsstp_selfcheck_streams_finish(say_shown);
}

/* The words, which may be NULL, are taken over. */
static void note_shown(uint32_t stream, bool from_initiator, enum grvsstp_answer_kind kind,
                       uint32_t session_id, uint32_t frame, char *words)
{
    const struct grvsstp_shown shown = {kind, from_initiator, session_id, frame, words};
    if (words != NULL)
        grvsstp_selfcheck_streams_shown(stream, &shown, say_shown);
}

static void note_states(uint32_t stream, uint32_t frame,
                        const struct grvsstp_tapped_command *tapped)
{
    const struct sstp_command *command = &tapped->command;
    note_shown(stream, true, GRVSSTP_ANSWER_CONNECTION, 0, frame,
               grvsstp_shown_connection(&tapped->seen));
    note_shown(stream, (command->session_id & SSTP_ACCEPTOR_SESSION_ID) == 0,
               GRVSSTP_ANSWER_SESSION, command->session_id, frame,
               grvsstp_shown_session(command, &tapped->seen));
}

static void note_command(const packet_info *pinfo, const struct grvsstp_tap *tap,
                         const struct grvsstp_tapped_command *tapped)
{
    const uint32_t stream = tap->connection->number;
    struct sstp_observed_acknowledgement acknowledgement;
    const bool acknowledges = grvsstp_acknowledgement(tap, tapped, &acknowledgement);

    /* What was captured in part says nothing of the rest. */
    if (tapped->is_whole)
        note_shown(stream, tap->from_initiator, GRVSSTP_ANSWER_COMMAND, 0, pinfo->num,
                   grvsstp_shown_command(&tapped->command));
    if (tapped->command.id == SSTP_END_MESSAGE && tapped->has_states && tapped->seen.has_entry)
        note_shown(stream, tap->from_initiator, GRVSSTP_ANSWER_MESSAGE, 0, pinfo->num,
                   grvsstp_shown_message(&tapped->command, tapped->seen.entry));
    for (uint32_t i = 0; acknowledges && i < acknowledgement.covered; i++)
        note_shown(stream, !tap->from_initiator, GRVSSTP_ANSWER_ACKNOWLEDGED, 0, pinfo->num,
                   grvsstp_shown_acknowledged(acknowledgement.first + i));
    if (tapped->has_states)
        note_states(stream, pinfo->num, tapped);
}

static tap_packet_status note_commands(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                                       const void *data, tap_flags_t flags)
{
    const struct grvsstp_tap *tap = data;

    (void)edt;
    (void)flags;
    grvsstp_table_finish_before_drawing(grvsstp_table_of(tapdata));
    for (unsigned i = 0;
         i < tap->num_commands && tap->connection->number < GRVSSTP_SELFCHECK_STREAMS_MAX; i++)
        note_command(pinfo, tap, &tap->commands[i]);
    return tap->num_commands > 0 ? TAP_PACKET_REDRAW : TAP_PACKET_DONT_REDRAW;
}

/* The answers come by another tap than the table's.  Its filter has Wireshark put them into the
 * tree. */
static void listen_to_answers(void)
{
    static int field = -1;

    if (field != -1)
        return;
    field = proto_registrar_get_id_byname(COMMENT_FIELD);
    GString *error =
        register_tap_listener("frame", &field, COMMENT_FIELD, 0, NULL, note_answers, NULL, NULL);
    if (error != NULL)
        g_string_free(error, TRUE); /* then nothing is told, and every line says so */
}

static struct grvsstp_table table = {.ui = {.title = "Groove SSTP Self-Check",
                                            .cli_string = "grvsstp,selfcheck",
                                            .packet_func = note_commands,
                                            .nfields = NUM_COLUMNS,
                                            .fields = columns},
                                     .row_size = sizeof(struct check),
                                     .clear_row = clear_check,
                                     .begin = listen_to_answers,
                                     .finish_row = finish_check,
                                     .finish = finish_streams,
                                     .forget = grvsstp_selfcheck_streams_forget};

void grvsstp_selfcheck_table_register(void)
{
    grvsstp_table_register(&table);
}
