/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmqg-test.h"

#include "option-subject.h"

G_BEGIN_DECLS

typedef struct _OptionCheck OptionCheck;

typedef void (*OptionFunc) (Subject *subject, const OptionCheck *check);

/*
 * OptionCheck: how it is seen when an option takes effect.
 */
struct _OptionCheck
{
  const char *member;  /* as the table has it */
  const char *applies; /* the same */
  const char *type;    /* of socket; NULL: of a context */
  OptionFunc func;     /* NULL: there is nothing to see, */
  const char *reason;  /* which is why; or why libzmq is not asked */

  const char *values[2]; /* to set one after the other */
  const char *seen[2];   /* and what is then seen */
  const char *what;      /* to look at */
  const char *with;      /* nullable: another option that it needs, "A=B" */
};

/* Ends with one of no member. */
extern const OptionCheck option_checks_of_connections[];
extern const OptionCheck option_checks_of_endpoints[];
extern const OptionCheck option_checks_of_sockets[];
extern const OptionCheck option_checks_of_contexts[];

#define OPTION_DEADLINE_MS INTEROP_DEADLINE_MS

/* Has the subject look until the peer has got something. */
void option_await (Subject *subject, RawPeer *raw);

G_END_DECLS
