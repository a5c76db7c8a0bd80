/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

#include <stdatomic.h>

G_BEGIN_DECLS

/*
 * What tests that do everything at once have in common, whatever the face of
 * the library that they use: random numbers, frames that are known again, and
 * what may be left in the end.
 */

/* For how long what must happen in the end may take. */
#define CHAOS_DEADLINE_MS 60000

#define CHAOS_N_TYPES 11
#define CHAOS_N_IDS (1u << 26)

/* --- Numbers ------------------------------------------------------------ */

/* ZMQG_TEST_SEED, or a random one; and ZMQG_TEST_SECONDS, in ms. */
guint32 chaos_get_seed (void);
gint64 chaos_get_time (guint seconds);

/* Random numbers of the calling thread: below @n, and whether that is 0. */
void chaos_random_begin (guint32 seed);
void chaos_random_end (void);
guint chaos_random (guint n);
gboolean chaos_one_in (guint n);

/* --- Frames ------------------------------------------------------------- */

typedef struct
{
  guint32 tag; /* of our messages */
  atomic_uint next_id;
  atomic_uchar *seen; /* one bit for each message for one receiver */
} ChaosFrames;

/* What a frame begins with; the rest is filled with the lowest byte of the
 * number. */
typedef struct
{
  char magic[4];
  guint32 tag; /* of the run: another one may have got a port that was ours */
  guint32 id;
  guint32 size;
  guint8 single; /* only one receiver may get it, once */
  guint8 type;   /* of the sender */
  guint8 part;   /* of a message of so many: their numbers are consecutive */
  guint8 parts;
} ChaosHeader;

void chaos_frames_init (ChaosFrames *self);
void chaos_frames_clear (ChaosFrames *self);

/* The first of @n numbers. */
guint32 chaos_frames_take (ChaosFrames *self, guint n);

/* A size that a frame may have. */
gsize chaos_frame_size (void);

/* Writes a frame of at least the header's size. Of that the number, whom it is
 * for, and the part are the caller's. */
void chaos_frames_fill (ChaosFrames *self, guint8 *data, gsize size,
                        const ChaosHeader *what);

/* %FALSE when it is none of ours; else it is whole, and came for the first
 * time. Only @available bytes of it are there. */
gboolean chaos_frames_check (ChaosFrames *self, const guint8 *data,
                             gsize available, gsize size, ChaosHeader *header);

/* --- What is left ------------------------------------------------------- */

/* Whether sockets of these types may be peers. */
gboolean chaos_may_meet (guint a, guint b);

/* Threads of the library. */
guint chaos_count_threads (void);

/* Open descriptors, but for eventfds: threads that GIO keeps for a while may
 * have one each. */
guint chaos_count_fds (void);

G_END_DECLS
