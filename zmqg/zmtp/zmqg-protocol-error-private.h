/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

/*
 * ZmqgProtocolError says why a handshake failed. NONE is a failure of which
 * monitors learn nothing but that the connection ended.
 */
#include "base/zmqg-enums.h"
