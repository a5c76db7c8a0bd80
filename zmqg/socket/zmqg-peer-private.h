/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-peer-record-private.h"
#include "socket/zmqg-peer.h"

/* The object of a record: always the same one while somebody holds it.
 * Transfer full. Where user code may run, no lock held. */
ZmqgPeer *zmqg_peer_for_record (ZmqgPeerRecord *record);

/* The connection has ended: notifies, if there is an object. */
void zmqg_peer_record_notify (ZmqgPeerRecord *record);

ZmqgPeerRecord *zmqg_peer_get_record (ZmqgPeer *self);
