/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/pick.h"

#include <string.h>

gboolean pick_is_empty(const struct pick *pick)
{
    return !pick->has_number && pick->user_ref == NULL && pick->identity == NULL &&
           !pick->undelivered;
}

static const struct report_message *message_of(const struct report *report, guint hop)
{
    const guint32 index = REPORT_AT(report->hops, struct report_hop, hop)->message;

    return index != REPORT_NONE ? REPORT_AT(report->messages, struct report_message, index) : NULL;
}

static gboolean has_user_ref(const struct pick *pick, const struct report *report,
                             const struct report_journey *journey)
{
    for (guint i = 0; i < journey->num_hops; i++) {
        const struct report_message *message = message_of(report, journey->first_hop + i);
        if (message != NULL && message->user_ref != NULL &&
            strstr(message->user_ref, pick->user_ref) != NULL)
            return TRUE;
    }
    return FALSE;
}

static gboolean has_identity(const struct pick *pick, const struct report *report,
                             const struct report_journey *journey)
{
    for (guint i = 0; i < journey->num_branches; i++) {
        const struct report_branch *branch =
            REPORT_AT(report->branches, struct report_branch, journey->first_branch + i);
        if (branch->identity_url != NULL && strcmp(branch->identity_url, pick->identity) == 0)
            return TRUE;
    }
    for (guint i = 0; i < journey->num_hops; i++) {
        const struct report_message *message = message_of(report, journey->first_hop + i);
        const char *identity =
            message != NULL && message->session != REPORT_NONE
                ? REPORT_AT(report->sessions, struct report_session, message->session)->identity_url
                : NULL;
        if (identity != NULL && strcmp(identity, pick->identity) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean pick_fits(const struct pick *pick, const struct report *report, guint index)
{
    const struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, index);

    return (!pick->has_number || pick->number == index) &&
           (!pick->undelivered || report_is_undelivered(journey)) &&
           (pick->user_ref == NULL || has_user_ref(pick, report, journey)) &&
           (pick->identity == NULL || has_identity(pick, report, journey));
}
