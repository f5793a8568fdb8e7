/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenes: what is shown, in demo/direct.c, demo/relay.c, demo/refuse.c and demo/carriers.c; see
 * demo/stage.h. */
#ifndef RELAYSIM_DEMO_SCENES_H
#define RELAYSIM_DEMO_SCENES_H

#include "demo/stage.h"

bool scene_device_to_device(struct demo *demo);
bool scene_message_fields(struct demo *demo);
bool scene_acknowledgement(struct demo *demo);
bool scene_flow_control(struct demo *demo);
bool scene_store_and_forward(struct demo *demo);
bool scene_authenticated(struct demo *demo);
bool scene_fanout_1_5(struct demo *demo);
bool scene_fanout_1_6(struct demo *demo);
bool scene_quota(struct demo *demo);
bool scene_refused_sessions(struct demo *demo);
bool scene_refused_accounts(struct demo *demo);
bool scene_refused_connections(struct demo *demo);
bool scene_resting(struct demo *demo);
bool scene_carriers(struct demo *demo);

#endif
