/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmqg-test.h"

#include "zmqg.h"

#include <stdlib.h>
#include <string.h>

/*
 * High-water marks are as exact as libzmq's, and conflation concerns the same
 * messages: the same steps are taken with both, and what each says is
 * compared. A step is of the socket (a, b, c) that it begins with:
 *
 *   is=TYPE          makes it
 *   sndhwm=N rcvhwm=N conflate=N immediate=N mandatory=N nodrop=N name=TEXT
 *   subscribe bind connect connect=URI
 *   look             it notes what happened
 *   fill fill=NAME   sends as many as it takes (to a peer): how many, and why
 *                    no more if that is not for want of room
 *   send=N           the same, N at the most
 *   can can=NAME     sends one more, or not
 *   drain receive=N  receives all, or N: how many, and the last one
 *
 * In all of them S and R are a send and a receive mark.
 */

#define AT_MOST 3000

static const char *const scripts[][2] = {
  /* Who binds, and when. */
  { "receiver-binds",
    "a.is=PUSH b.is=PULL a.sndhwm=S b.rcvhwm=R b.bind a.connect a.fill "
    "b.drain a.can" },
  { "sender-binds",
    "a.is=PUSH b.is=PULL a.sndhwm=S b.rcvhwm=R a.bind b.connect a.fill "
    "b.drain a.can" },
  { "connect-first",
    "a.is=PUSH b.is=PULL a.sndhwm=S b.rcvhwm=R a.connect a.fill b.bind a.fill "
    "b.drain a.can" },
  { "nobody", "a.is=PUSH a.sndhwm=S a.connect=tcp://127.0.0.1:9 a.fill" },
  { "immediate",
    "a.is=PUSH a.sndhwm=S a.immediate=1 a.connect=tcp://127.0.0.1:9 a.fill" },
  { "two-receivers",
    "a.is=PUSH b.is=PULL c.is=PULL a.sndhwm=S b.rcvhwm=R c.rcvhwm=R a.bind "
    "b.connect c.connect a.fill b.drain c.drain a.can" },

  /* The other types. */
  { "dealer",
    "a.is=DEALER b.is=DEALER a.sndhwm=S b.rcvhwm=R a.rcvhwm=S b.sndhwm=R "
    "a.bind b.connect a.fill b.fill a.drain b.drain a.can b.can" },
  { "dealer-nobody",
    "a.is=DEALER a.sndhwm=S a.connect=tcp://127.0.0.1:9 a.fill" },
  { "pair",
    "a.is=PAIR b.is=PAIR a.sndhwm=S b.rcvhwm=R a.rcvhwm=S b.sndhwm=R a.bind "
    "b.connect a.fill b.fill a.drain b.drain a.can b.can" },
  { "pair-connects-first",
    "a.is=PAIR b.is=PAIR a.sndhwm=S b.rcvhwm=R a.connect a.fill b.bind a.fill "
    "b.drain a.can" },
  { "req", "a.is=REQ a.sndhwm=S a.connect=tcp://127.0.0.1:9 a.fill" },
  { "req-without-endpoint", "a.is=REQ a.sndhwm=S a.fill" },
  { "router",
    "a.is=ROUTER b.is=DEALER a.sndhwm=S b.rcvhwm=R b.name=peer a.bind "
    "b.connect a.fill=peer b.drain a.can=peer b.drain" },
  { "router-mandatory",
    "a.is=ROUTER b.is=DEALER a.sndhwm=S b.rcvhwm=R a.mandatory=1 b.name=peer "
    "a.bind b.connect a.fill=peer b.drain a.can=peer b.drain a.fill=nobody" },
  { "router-receives",
    "a.is=ROUTER b.is=DEALER a.rcvhwm=R b.sndhwm=S b.name=peer a.bind "
    "b.connect b.fill a.drain b.can" },
  { "pub",
    "a.is=PUB b.is=SUB a.sndhwm=S b.rcvhwm=R a.bind b.connect b.subscribe "
    "a.fill b.drain a.can b.drain" },
  { "pub-connects",
    "a.is=PUB b.is=SUB a.sndhwm=S b.rcvhwm=R b.bind b.subscribe a.connect "
    "b.look a.fill b.drain a.can b.drain" },
  { "pub-two",
    "a.is=PUB b.is=SUB c.is=SUB a.sndhwm=S b.rcvhwm=R a.bind b.connect "
    "c.connect b.subscribe c.subscribe a.fill b.drain c.drain" },
  { "pub-no-drop",
    "a.is=PUB b.is=SUB a.sndhwm=S b.rcvhwm=R a.nodrop=1 a.bind b.connect "
    "b.subscribe a.fill b.drain a.can" },
  { "xpub",
    "a.is=XPUB b.is=SUB a.sndhwm=S b.rcvhwm=R a.bind b.connect b.subscribe "
    "a.fill b.drain a.can b.drain" },
  { "xpub-no-drop",
    "a.is=XPUB b.is=SUB a.sndhwm=S b.rcvhwm=R a.nodrop=1 a.bind b.connect "
    "b.subscribe a.fill b.drain a.can" },
  { "xpub-no-drop-two",
    "a.is=XPUB b.is=SUB c.is=SUB a.sndhwm=S b.rcvhwm=R c.rcvhwm=R a.nodrop=1 "
    "a.bind b.connect c.connect b.subscribe c.subscribe a.fill b.drain a.can "
    "c.drain a.can" },

  /* Marks that change while both are there. */
  { "sender-changes",
    "a.is=PUSH b.is=PULL a.sndhwm=S b.rcvhwm=R b.bind a.connect a.send=1 "
    "a.sndhwm=50 a.fill b.drain" },
  { "bound-sender-changes",
    "a.is=PUSH b.is=PULL a.sndhwm=S b.rcvhwm=R a.bind b.connect a.send=1 "
    "a.sndhwm=50 a.fill b.drain" },
  { "bound-before-it-meets",
    "a.is=PUSH b.is=PULL a.sndhwm=S b.rcvhwm=R b.bind b.rcvhwm=50 a.connect "
    "a.fill b.drain" },
  /* A receiver that changes its own is none of them: in libzmq the sum keeps
   * the one of the time when both met. */
  { "to-no-limit",
    "a.is=PUSH b.is=PULL a.sndhwm=S b.rcvhwm=R b.bind a.connect a.send=1 "
    "a.sndhwm=0 a.fill b.drain" },
  { "nobody-changes",
    "a.is=PUSH a.sndhwm=S a.connect=tcp://127.0.0.1:9 a.send=1 a.sndhwm=50 "
    "a.fill" },
  { "pub-changes",
    "a.is=PUB b.is=SUB a.sndhwm=S b.rcvhwm=R a.bind b.connect b.subscribe "
    "a.send=1 a.sndhwm=50 a.fill b.drain" },
  { "sender-lowers",
    "a.is=PUSH b.is=PULL a.sndhwm=50 b.rcvhwm=R b.bind a.connect a.send=1 "
    "a.sndhwm=S a.fill b.drain" },
};

/* The newest only: with S and R whether either socket says so. */
static const char *const conflating[][2] = {
  { "push-connects",
    "a.is=PUSH b.is=PULL a.conflate=S b.conflate=R b.bind a.connect a.send=9 "
    "b.drain a.send=9 b.drain" },
  { "pull-connects",
    "a.is=PUSH b.is=PULL a.conflate=S b.conflate=R a.bind b.connect a.send=9 "
    "b.drain a.send=9 b.drain" },
  { "push-connects-first",
    "a.is=PUSH b.is=PULL a.conflate=S b.conflate=R a.connect b.bind a.send=9 "
    "b.drain a.send=9 b.drain" },
  { "dealers",
    "a.is=DEALER b.is=DEALER a.conflate=S b.conflate=R a.bind b.connect "
    "a.send=9 b.send=9 a.drain b.drain" },
  { "pub",
    "a.is=PUB b.is=SUB a.conflate=S b.conflate=R a.bind b.connect b.subscribe "
    "a.send=9 b.drain" },
  { "pub-connects",
    "a.is=PUB b.is=SUB a.conflate=S b.conflate=R b.bind b.subscribe a.connect "
    "b.look a.send=9 b.drain" },
  { "pair-does-not",
    "a.is=PAIR b.is=PAIR a.conflate=S b.conflate=R a.bind b.connect a.send=9 "
    "b.send=9 a.drain b.drain" },
  { "router-does-not",
    "a.is=ROUTER b.is=DEALER a.conflate=S b.name=peer a.bind b.connect "
    "b.send=9 a.drain" },
  { "with-marks",
    "a.is=PUSH b.is=PULL a.sndhwm=2 b.rcvhwm=2 a.conflate=S b.conflate=R "
    "b.bind a.connect a.send=9 b.drain" },
};

static const int marks[][2] = {
  { 1, 1 }, { 2, 3 }, { 5, 5 },  { 1, 10 },     { 3, 1 },
  { 20, 40 }, { 0, 5 }, { 5, 0 }, { 1000, 1000 }, { 7, 100 },
};

static const int switches[][2] = {
  { 0, 0 }, { 1, 0 }, { 0, 1 }, { 1, 1 },
};

/* --- Ours --------------------------------------------------------------- */

typedef struct
{
  ZmqgContext *context;
  ZmqgSocket *sockets[3];
  guint number; /* of the next message */
  GString *said;
} Play;

static gboolean
send_next (Play *self,
           ZmqgSocket *socket,
           const char *name,
           GError **error)
{
  g_autofree char *text = g_strdup_printf ("%u", self->number);
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();

  if (*name != '\0')
    zmqg_message_append_string (message, name);
  zmqg_message_append_string (message, text);
  if (!zmqg_socket_try_send (socket, message, error))
    return FALSE;

  self->number++;
  return TRUE;
}

static const char *
describe_error (const GError *error)
{
  return g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK) ? ""
         : g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE)
           ? "-unroutable"
         : g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_STATE) ? "-state"
                                                                 : "-error";
}

static void
fill (Play *self,
      ZmqgSocket *socket,
      const char *name,
      guint at_most)
{
  g_autoptr (GError) error = NULL;
  guint n = 0;

  while (n < at_most && send_next (self, socket, name, &error))
    n++;
  g_string_append_printf (self->said, "%u%s ", n,
                          n < at_most ? describe_error (error) : "");
}

static void
drain (Play *self,
       ZmqgSocket *socket,
       guint at_most)
{
  g_autofree char *text = g_strdup ("");
  guint n = 0;

  while (n < at_most)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      message = zmqg_socket_try_receive (socket, NULL);
      if (message == NULL)
        break;
      g_free (text);
      text = zmqg_message_get_string (
        message, zmqg_message_get_n_frames (message) - 1);
      n++;
    }
  g_string_append_printf (self->said, "%u:%s ", n, text);
}

static ZmqgSocket *
make (Play *self,
      const char *type)
{
  g_autoptr (GEnumClass) types = g_type_class_ref (ZMQG_TYPE_SOCKET_TYPE);
  g_autofree char *nick = g_ascii_strdown (type, -1);
  GEnumValue *value = g_enum_get_value_by_nick (types, nick);
  ZmqgSocket *socket;

  g_assert_nonnull (value);
  socket = zmqg_context_create_socket (self->context, value->value);
  g_object_set (socket, "linger", 0, NULL);
  return socket;
}

/* Where the type has no such property, libzmq has no use for the option. */
static void
set_number (ZmqgSocket *socket,
            const char *property,
            int number)
{
  GObjectClass *class = G_OBJECT_GET_CLASS (socket);
  GParamSpec *pspec = g_object_class_find_property (class, property);

  if (pspec != NULL && G_IS_PARAM_SPEC_BOOLEAN (pspec))
    g_object_set (socket, property, (gboolean) number, NULL);
  else if (pspec != NULL)
    g_object_set (socket, property, number, NULL);
}

static void
take_step (Play *self,
           const char *text)
{
  static const char *const options[][2] = {
    { "sndhwm", "send-hwm" },      { "rcvhwm", "receive-hwm" },
    { "conflate", "conflate" },    { "immediate", "immediate" },
    { "mandatory", "mandatory" },  { "nodrop", "no-drop" },
  };
  g_auto (GStrv) words = g_strsplit (text + 2, "=", 2);
  const char *verb = words[0];
  const char *value = words[1] != NULL ? words[1] : "";
  ZmqgSocket **socket = &self->sockets[text[0] - 'a'];
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (g_str_equal (verb, options[i][0]))
      {
        set_number (*socket, options[i][1], atoi (value));
        return;
      }

  if (g_str_equal (verb, "is"))
    *socket = make (self, value);
  else if (g_str_equal (verb, "name"))
    zmqg_socket_set_routing_id_string (*socket, value);
  else if (g_str_equal (verb, "subscribe"))
    zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (*socket), "", &error);
  else if (g_str_equal (verb, "bind"))
    zmqg_socket_bind (*socket, "inproc://marks", &error);
  else if (g_str_equal (verb, "connect"))
    zmqg_socket_connect_to (*socket, *value ? value : "inproc://marks",
                            &error);
  else if (g_str_equal (verb, "look"))
    zmqg_socket_get_events (*socket);
  else if (g_str_equal (verb, "send"))
    fill (self, *socket, "", (guint) atoi (value));
  else if (g_str_equal (verb, "fill"))
    fill (self, *socket, value, AT_MOST);
  else if (g_str_equal (verb, "can"))
    g_string_append (self->said, send_next (self, *socket, value, NULL)
                                   ? "yes " : "no ");
  else if (g_str_equal (verb, "receive"))
    drain (self, *socket, (guint) atoi (value));
  else if (g_str_equal (verb, "drain"))
    drain (self, *socket, AT_MOST);
  else
    g_assert_not_reached ();
  g_assert_no_error (error);
}

static char *
run_ours (ZmqgEngineMode mode,
          char **steps)
{
  Play self = { NULL };

  self.context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", mode, NULL);
  self.said = g_string_new (NULL);
  for (guint i = 0; steps[i] != NULL; i++)
    take_step (&self, steps[i]);
  for (guint i = 0; i < G_N_ELEMENTS (self.sockets); i++)
    {
      if (self.sockets[i] != NULL)
        zmqg_socket_close (self.sockets[i]);
      g_clear_object (&self.sockets[i]);
    }
  g_object_unref (self.context);
  return g_string_free (self.said, FALSE);
}

/* --- Theirs ------------------------------------------------------------- */

static char *
run_theirs (char **steps)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  GError *error = NULL;
  char *output = NULL;
  int status;

  g_ptr_array_add (arguments, (char *) LIBZMQ_MARKS);
  for (guint i = 0; steps[i] != NULL; i++)
    g_ptr_array_add (arguments, steps[i]);
  g_ptr_array_add (arguments, NULL);
  g_spawn_sync (NULL, (char **) arguments->pdata, NULL, G_SPAWN_DEFAULT, NULL,
                NULL, &output, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, &error));
  g_assert_true (g_str_has_suffix (output, "\n"));
  output[strlen (output) - 1] = '\0';
  return output;
}

/* --- Both --------------------------------------------------------------- */

/* The steps, with numbers in the place of S and R. */
static GStrv
make_steps (const char *script,
            const int *values)
{
  GStrv steps = g_strsplit (script, " ", -1);

  for (guint i = 0; steps[i] != NULL; i++)
    {
      g_autofree char *step = g_steal_pointer (&steps[i]);
      gsize length = strlen (step);
      int which = g_str_has_suffix (step, "=S")   ? 0
                  : g_str_has_suffix (step, "=R") ? 1
                                                  : -1;

      if (which < 0)
        {
          steps[i] = g_steal_pointer (&step);
          continue;
        }
      step[length - 1] = '\0';
      steps[i] = g_strdup_printf ("%s%d", step, values[which]);
    }
  return steps;
}

static void
compare (const char *script,
         const int *values)
{
  g_auto (GStrv) steps = make_steps (script, values);
  g_autofree char *theirs = run_theirs (steps);

  for (ZmqgEngineMode mode = ZMQG_ENGINE_MODE_THREADS;
       mode <= ZMQG_ENGINE_MODE_MAIN_CONTEXT; mode++)
    {
      g_autofree char *ours = run_ours (mode, steps);

      g_test_message ("%d %d: %s", values[0], values[1], ours);
      g_assert_cmpstr (ours, ==, theirs);
    }
}

static void
test_marks (gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    compare (data, marks[i]);
}

static void
test_conflating (gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (switches); i++)
    compare (data, switches[i]);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/marks/",
                                           scripts[i][0], NULL);

      g_test_add_data_func (path, scripts[i][1], test_marks);
    }
  for (guint i = 0; i < G_N_ELEMENTS (conflating); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/conflate/",
                                           conflating[i][0], NULL);

      g_test_add_data_func (path, conflating[i][1], test_conflating);
    }

  return g_test_run ();
}
