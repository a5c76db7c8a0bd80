/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-session-table-private.h"

/* What each socket type has done on the I/O side. */
extern const ZmqgSessionTable zmqg_pair_session;
extern const ZmqgSessionTable zmqg_pub_session;
extern const ZmqgSessionTable zmqg_sub_session;
extern const ZmqgSessionTable zmqg_req_session;
extern const ZmqgSessionTable zmqg_rep_session;
extern const ZmqgSessionTable zmqg_dealer_session;
extern const ZmqgSessionTable zmqg_router_session;
extern const ZmqgSessionTable zmqg_pull_session;
extern const ZmqgSessionTable zmqg_push_session;
extern const ZmqgSessionTable zmqg_xpub_session;
extern const ZmqgSessionTable zmqg_xsub_session;
