/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command_tree.c: `-z grvsstp,tree`, commands and their coded values, counted. */
#include "statistics/parts.h"

#include <epan/stats_tree.h>

/* The branches.  Their names and those of the commands have to differ, for the tree
 * knows both by name. */
enum branch {
    COMMANDS,
    ENCAPSULATIONS,
    CONNECT_RESPONSES,
    OPEN_RESPONSES,
    ATTACH_RESPONSES,
    SESSION_STATUSES,
    CLOSE_REASONS,
    CONNECT_CLOSE_REASONS,
    NUM_BRANCHES
};

static const char *const branch_names[NUM_BRANCHES] = {
    "Commands",         "Commands by encapsulation", "ConnectResponse ids",
    "OpenResponse ids", "AttachResponse ids",        "SessionStatus ids",
    "Close reasons",    "ConnectClose reasons"};

static int branches[NUM_BRANCHES];

/* The codes of which a command carries one. */
struct code {
    uint8_t command_id;
    enum branch branch;
    size_t member; /* of struct sstp_command: the octet */
    const char *(*name)(uint8_t value);
};

static const struct code codes[] = {
    {SSTP_CONNECT_RESPONSE, CONNECT_RESPONSES, offsetof(struct sstp_command, response_id),
     sstp_connect_response_name},
    {SSTP_OPEN_RESPONSE, OPEN_RESPONSES, offsetof(struct sstp_command, response_id),
     sstp_open_response_name},
    {SSTP_ATTACH_RESPONSE, ATTACH_RESPONSES, offsetof(struct sstp_command, response_id),
     sstp_attach_response_name},
    {SSTP_SESSION_STATUS, SESSION_STATUSES, offsetof(struct sstp_command, status_id),
     sstp_session_status_name},
    {SSTP_CLOSE, CLOSE_REASONS, offsetof(struct sstp_command, reason_id), sstp_close_reason_name},
    {SSTP_CONNECT_CLOSE, CONNECT_CLOSE_REASONS, offsetof(struct sstp_command, reason_id),
     sstp_connect_close_reason_name}};

static void init(stats_tree *tree)
{
    for (int i = 0; i < NUM_BRANCHES; i++)
        branches[i] = stats_tree_create_node(tree, branch_names[i], 0, STAT_DT_INT, true);
}

/* Counts a leaf, and the branch that it is on. */
static void tick(stats_tree *tree, enum branch branch, const char *name)
{
    tick_stat_node(tree, branch_names[branch], 0, true);
    tick_stat_node(tree, name, branches[branch], false);
}

static void count_command(stats_tree *tree, const struct sstp_command *command, bool from_initiator)
{
    const struct sstp_command_info *info = sstp_command_info(command->id);
    char unknown[32];
    const char *name = unknown;

    if (info != NULL)
        name = info->name;
    else
        snprintf(unknown, sizeof unknown, "unknown command 0x%02x", command->id);
    tick_stat_node(tree, branch_names[COMMANDS], 0, true);
    const int node = tick_stat_node(tree, name, branches[COMMANDS], true);
    tick_stat_node(tree, from_initiator ? "from the initiator" : "from the acceptor", node, false);
}

static void count_code(stats_tree *tree, const struct sstp_command *command)
{
    char unknown[32];

    for (size_t i = 0; i < array_length(codes); i++) {
        if (codes[i].command_id != command->id)
            continue;
        const uint8_t value = *((const uint8_t *)command + codes[i].member);
        const char *name = codes[i].name(value);
        if (name == NULL) {
            snprintf(unknown, sizeof unknown, "unknown value 0x%02x", value);
            name = unknown;
        }
        tick(tree, codes[i].branch, name);
    }
}

static tap_packet_status count(stats_tree *tree, packet_info *pinfo, epan_dissect_t *edt,
                               const void *data, tap_flags_t flags)
{
    const struct grvsstp_tap *tap = data;
    const char *encapsulation =
        val_to_str_const(tap->connection->encapsulation, grvsstp_encapsulations, "unknown");

    (void)pinfo;
    (void)edt;
    (void)flags;
    for (unsigned i = 0; i < tap->num_commands; i++) {
        count_command(tree, &tap->commands[i].command, tap->from_initiator);
        count_code(tree, &tap->commands[i].command);
        tick(tree, ENCAPSULATIONS, encapsulation);
    }
    return TAP_PACKET_REDRAW;
}

void grvsstp_command_tree_register(void)
{
    stats_tree_register_plugin("grvsstp", "grvsstp", "Groove SSTP Commands", 0, count, init, NULL);
}
