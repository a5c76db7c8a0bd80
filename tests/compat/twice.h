/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

/*
 * For programs that are built twice, with the installed libzmq and with ours,
 * and print what they see: run-twice compares the outputs, section by section.
 * What is printed must not depend on time, ports, addresses or descriptors.
 */

/* What follows is one test. */
static inline void
section (const char *name)
{
  setvbuf (stdout, NULL, _IOLBF, 0);
  printf ("== %s\n", name);
}

/* The name of an errno. */
static inline const char *
error_name (int code)
{
  static char number[32];

  switch (code)
    {
#define NAME(code) \
  case code: \
    return #code
      NAME (EAGAIN);
      NAME (EADDRINUSE);
      NAME (EADDRNOTAVAIL);
      NAME (EBADF);
      NAME (EFAULT);
      NAME (EFSM);
      NAME (EHOSTUNREACH);
      NAME (EINTR);
      NAME (EINVAL);
      NAME (EMFILE);
      NAME (EMTHREAD);
      NAME (ENOCOMPATPROTO);
      NAME (ENODEV);
      NAME (ENOENT);
      NAME (ENOMEM);
      NAME (ENOTSOCK);
      NAME (ENOTSUP);
      NAME (EPERM);
      NAME (EPROTONOSUPPORT);
      NAME (ETERM);
#undef NAME
    default:
      snprintf (number, sizeof number, "%d", code);
      return number;
    }
}

/* Prints a call and its result: a number, and the errno when it is -1. */
#define CALL(call) said (#call, (call))

static inline int
said (const char *text,
      int result)
{
  int code = errno;

  if (result < 0)
    printf ("%s: %d %s\n", text, result, error_name (code));
  else
    printf ("%s: %d\n", text, result);
  errno = code;
  return result;
}

/* The same of one that returns a pointer. */
#define CALL_POINTER(call) said_pointer (#call, (call))

static inline void *
said_pointer (const char *text,
              void *result)
{
  int code = errno;

  if (result == NULL)
    printf ("%s: NULL %s\n", text, error_name (code));
  else
    printf ("%s: there\n", text);
  errno = code;
  return result;
}

/* What must hold for the test to make sense. */
#define MUST(condition) \
  do \
    { \
      if (!(condition)) \
        { \
          printf ("%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, \
                  zmq_strerror (zmq_errno ())); \
          fflush (stdout); \
          exit (1); \
        } \
    } \
  while (0)

/* Waits for a condition; a test that does not get there is wrong. */
#define AWAIT(condition) \
  do \
    { \
      for (int tries_ = 0; !(condition); tries_++) \
        { \
          MUST (tries_ < 30000 && #condition); \
          pause_a_moment (); \
        } \
    } \
  while (0)

static inline void
pause_a_moment (void)
{
  nanosleep (&(struct timespec) { 0, 1000000 }, NULL);
}

/* The bytes of a frame, those that are no text as numbers. */
static inline void
print_bytes (const void *data,
             size_t size)
{
  const unsigned char *bytes = data;

  putchar ('"');
  for (size_t i = 0; i < size; i++)
    if (bytes[i] >= ' ' && bytes[i] < 127)
      putchar (bytes[i]);
    else
      printf ("\\x%02x", bytes[i]);
  putchar ('"');
}

static inline int
get_int (void *socket,
         int option)
{
  int value = 0;
  size_t size = sizeof value;

  MUST (zmq_getsockopt (socket, option, &value, &size) == 0);
  return value;
}

static inline int
set_int (void *socket,
         int option,
         int value)
{
  return zmq_setsockopt (socket, option, &value, sizeof value);
}

/* Receives a message of any number of frames, and prints it. */
static inline int
print_message (void *socket,
               int flags)
{
  zmq_msg_t frame;
  int n = 0;

  do
    {
      zmq_msg_init (&frame);
      if (zmq_msg_recv (&frame, socket, flags) < 0)
        {
          printf ("nothing: %s\n", error_name (errno));
          zmq_msg_close (&frame);
          return -1;
        }
      printf ("%s", n == 0 ? "message: " : " + ");
      print_bytes (zmq_msg_data (&frame), zmq_msg_size (&frame));
      zmq_msg_close (&frame);
      n++;
    }
  while (get_int (socket, ZMQ_RCVMORE));

  putchar ('\n');
  return n;
}

/* A socket bound to a port of its own, whose address is given back. */
static inline void *
new_bound (void *context,
           int type,
           char address[64])
{
  void *socket = zmq_socket (context, type);
  size_t size = 64;

  MUST (socket != NULL);
  MUST (zmq_bind (socket, "tcp://127.0.0.1:*") == 0);
  MUST (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, address, &size) == 0);
  return socket;
}

static inline void *
new_connected (void *context,
               int type,
               const char *address)
{
  void *socket = zmq_socket (context, type);

  MUST (socket != NULL);
  MUST (zmq_connect (socket, address) == 0);
  return socket;
}
