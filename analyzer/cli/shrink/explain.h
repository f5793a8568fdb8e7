/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain: what the packets of a shrunk capture have to do with its finding, in words. */
#ifndef ANALYZE_SHRINK_EXPLAIN_H
#define ANALYZE_SHRINK_EXPLAIN_H

#include "shrink/trial.h"

/* "sstp.expert.ack_excess, a warning: Noop acknowledges more ... (GRVSSTP 3.1.5.19)" */
void explain_finding(GString *text, const struct sstp_finding_info *info);

/* "Without this packet ...": what it is that all packets lead to, and what comes of all but
 * one. */
void explain_cause(GString *text, const struct trial_seen *with, const struct trial_seen *without);

#endif
