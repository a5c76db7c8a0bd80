/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

/*
 * What the library exports for libzmq.so.5 of zmqg, which is built with it: no
 * part of the API, and listed in zmqg.map.
 */
#define ZMQG_SHARED __attribute__ ((visibility ("default")))

/* Protected: the library itself reads it without a detour. */
#ifdef ZMQG_COMPAT
#define ZMQG_SHARED_DATA extern
#else
#define ZMQG_SHARED_DATA __attribute__ ((visibility ("protected"))) extern
#endif
