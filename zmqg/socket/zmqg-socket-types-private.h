/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"
#include "base/zmqg-shared-private.h"

/* The class of a socket type; G_TYPE_INVALID when there is none. */
ZMQG_SHARED
GType zmqg_socket_type_to_gtype (ZmqgSocketType type);
