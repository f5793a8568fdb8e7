/* SPDX-License-Identifier: GPL-2.0-or-later */
/* product: the ProductVersions of Groove's products (GRVSSTP, note <1>). */
#ifndef RELAYSIM_BASE_PRODUCT_H
#define RELAYSIM_BASE_PRODUCT_H

#define PRODUCT_CLIENT_2007 "Groove Client 12.0 4518"
#define PRODUCT_CLIENT_2010 "Groove Client 14.0 4006"
#define PRODUCT_RELAY_2007 "Groove Relay 12.0 1407"
#define PRODUCT_RELAY_2010 "Groove Relay 14.0 4006"


/* What its HTTP says of itself (GRVHENC 2.2.1.3.2). */
#define PRODUCT_SERVER "Groove-Relay/14.0"

#endif
