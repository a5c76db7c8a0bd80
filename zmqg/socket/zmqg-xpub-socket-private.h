/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-xpub-socket.h"

/*
 * What the class of XPUB sockets and the accessors of its properties share.
 */
typedef enum
{
  ZMQG_XPUB_PROP_VERBOSE = 1,
  ZMQG_XPUB_PROP_VERBOSER,
  ZMQG_XPUB_PROP_MANUAL,
  ZMQG_XPUB_PROP_MANUAL_LAST_VALUE,
  ZMQG_XPUB_PROP_NO_DROP,
  ZMQG_XPUB_PROP_INVERT_MATCHING,
  ZMQG_XPUB_PROP_ONLY_FIRST_SUBSCRIBE,
  ZMQG_XPUB_PROP_WELCOME_MESSAGE,
  ZMQG_XPUB_PROP_TOPICS_COUNT,
  ZMQG_XPUB_N_PROPS,
} ZmqgXpubSocketProperty;

extern GParamSpec *zmqg_xpub_socket_properties[ZMQG_XPUB_N_PROPS];
