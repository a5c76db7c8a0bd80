/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/*
 * A program of czmq: run with the installed libzmq and with ours. First the
 * tests that libczmq has within itself, each in a process of its own, then
 * programs as the users of czmq write them.
 */

#include "../twice.h"

#include <czmq.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of a wait; a test that does not get there is wrong. */
#define DEADLINE 30000

/* Of a test of czmq's own, where an assertion of its fails. */
#define ATTEMPTS 5

static void
print_library (void)
{
  char line[1024];
  char *path;
  FILE *maps = fopen ("/proc/self/maps", "r");

  MUST (maps != NULL);
  while (fgets (line, sizeof line, maps) != NULL)
    if (strstr (line, "/libzmq.so") != NULL)
      {
        path = strchr (line, '/');
        path[strcspn (path, "\n")] = '\0';
        printf ("library: %s\n", path);
      }
  fclose (maps);
}

/* --- What czmq tests itself ------------------------------------------------ */

typedef struct
{
  const char *name;
  void (*run) (bool verbose);
} SelfTest;

/* Those that have sockets. */
static const SelfTest self_tests[] = {
  { "zactor", zactor_test },   { "zauth", zauth_test },
  { "zbeacon", zbeacon_test }, { "zcert", zcert_test },
  { "zchunk", zchunk_test },   { "zframe", zframe_test },
  { "zgossip", zgossip_test }, { "zloop", zloop_test },
  { "zmonitor", zmonitor_test }, { "zmsg", zmsg_test },
  { "zpoller", zpoller_test }, { "zproxy", zproxy_test },
  { "zsock", zsock_test },     { "zstr", zstr_test },
  { "zsys", zsys_test },       { "zuuid", zuuid_test },
};

/* Whether a list names what is not there yet. */
static bool
is_left_out (const char *list,
             const char *name)
{
  char line[256];
  bool found = false;
  FILE *file = fopen (list, "r");

  MUST (file != NULL);
  while (!found && fgets (line, sizeof line, file) != NULL)
    {
      line[strcspn (line, "\n")] = '\0';
      found = strncmp (line, "czmq::", 6) == 0 && strcmp (line + 6, name) == 0;
    }
  fclose (file);

  return found;
}

/* How a process ends that runs the test, as waitpid () tells it. */
static int
attempt_self_test (const SelfTest *test)
{
  pid_t child;
  int status;

  fflush (stdout);
  child = fork ();
  MUST (child >= 0);
  if (child == 0)
    {
      int null = open ("/dev/null", O_WRONLY);

      /* It prints dots, and addresses. */
      dup2 (null, STDOUT_FILENO);
      alarm (DEADLINE / 1000);
      test->run (false);
      exit (0);
    }
  MUST (waitpid (child, &status, 0) == child);

  return status;
}

/*
 * Some of them wait for a moment and hope that it was enough, or that two
 * threads come in turn: with libzmq, too, they fail one time in ten on a busy
 * machine. That is an assertion; whatever else ends them is never bad luck.
 */
static void
run_self_test (const SelfTest *test,
               const char *list)
{
  int status = 0;

  if (is_left_out (list, test->name))
    {
      printf ("%s: not yet\n", test->name);
      return;
    }

  for (int i = 0; i < ATTEMPTS; i++)
    {
      status = attempt_self_test (test);
      if (!WIFSIGNALED (status) || WTERMSIG (status) != SIGABRT)
        break;
    }

  if (WIFSIGNALED (status))
    printf ("%s: ended by signal %d\n", test->name, WTERMSIG (status));
  else
    printf ("%s: %d\n", test->name, WEXITSTATUS (status));
}

/* They write to this folder of their source tree. */
static void
enter_folder (char folder[])
{
  MUST (mkdtemp (folder) != NULL);
  MUST (chdir (folder) == 0);
  MUST (mkdir ("src", 0700) == 0);
  MUST (mkdir ("src/selftest-ro", 0700) == 0);
  MUST (mkdir ("src/selftest-rw", 0700) == 0);
}

static void
leave_folder (const char *folder)
{
  zdir_t *dir = zdir_new (folder, NULL);

  MUST (dir != NULL && chdir ("/") == 0);
  zdir_remove (dir, true);
  zdir_destroy (&dir);
}

/* --- Messages --------------------------------------------------------------- */

/* The frames of a message, which is taken. */
static void
print_and_destroy (zmsg_t *message)
{
  zframe_t *frame;

  if (message == NULL)
    {
      printf ("no message\n");
      return;
    }

  printf ("message:");
  for (frame = zmsg_first (message); frame != NULL;
       frame = zmsg_next (message))
    {
      putchar (' ');
      print_bytes (zframe_data (frame), zframe_size (frame));
    }
  putchar ('\n');
  zmsg_destroy (&message);
}

static void
set_deadlines (zsock_t *sock)
{
  MUST (sock != NULL);
  zsock_set_rcvtimeo (sock, DEADLINE);
  zsock_set_sndtimeo (sock, DEADLINE);
}

static zsock_t *
bind_sock (zsock_t *sock)
{
  set_deadlines (sock);
  MUST (zsock_bind (sock, "tcp://127.0.0.1:*") > 0);
  return sock;
}

static zsock_t *
connect_sock (zsock_t *sock,
              zsock_t *bound)
{
  set_deadlines (sock);
  MUST (zsock_connect (sock, "%s", zsock_endpoint (bound)) == 0);
  return sock;
}

static void
request_and_reply (void)
{
  zsock_t *rep = bind_sock (zsock_new (ZMQ_REP));
  zsock_t *req = connect_sock (zsock_new (ZMQ_REQ), rep);
  zchunk_t *chunk = zchunk_new ("chunk", 5);
  zframe_t *frame = zframe_new ("frame", 5);
  zhashx_t *hash = zhashx_new ();
  zmsg_t *message = zmsg_new ();
  char value[] = "value";
  char *text;
  char *longer;
  byte *data;
  uint8_t u1;
  uint16_t u2;
  uint32_t u4;
  uint64_t u8;
  size_t size;
  int i;

  section ("czmq: REQ and REP, with pictures");
  printf ("%s %s\n", zsock_type_str (req), zsock_type_str (rep));
  zhashx_set_destructor (hash, (zhashx_destructor_fn *) zstr_free);
  zhashx_set_duplicator (hash, (zhashx_duplicator_fn *) strdup);
  zhashx_insert (hash, "key", value);
  zmsg_addstr (message, "rest");
  zmsg_addmem (message, "", 0);
  MUST (zsock_send (req, "is1248bcfhzm", -7, "text", 1, 2, 4, (uint64_t) 8,
                    "data", (size_t) 4, chunk, frame, hash, message) == 0);
  zchunk_destroy (&chunk);
  zframe_destroy (&frame);
  zhashx_destroy (&hash);
  zmsg_destroy (&message);

  MUST (zsock_recv (rep, "is1248bcfhzm", &i, &text, &u1, &u2, &u4, &u8, &data,
                    &size, &chunk, &frame, &hash, &message) == 0);
  printf ("%d %s %u %u %u %u %zu %zu %zu %s\n", i, text, (unsigned int) u1,
          (unsigned int) u2, (unsigned int) u4, (unsigned int) u8, size,
          zchunk_size (chunk), zframe_size (frame),
          (char *) zhashx_lookup (hash, "key"));
  print_and_destroy (message);
  zstr_free (&text);
  free (data);
  zchunk_destroy (&chunk);
  zframe_destroy (&frame);
  zhashx_destroy (&hash);

  MUST (zsock_bsend (rep, "1248sS", 1, 2, 4, (uint64_t) 8, "short",
                     "longer") == 0);
  MUST (zsock_brecv (req, "1248sS", &u1, &u2, &u4, &u8, &text, &longer) == 0);
  printf ("%u %u %u %u %s %s\n", (unsigned int) u1, (unsigned int) u2,
          (unsigned int) u4, (unsigned int) u8, text, longer);
  free (longer);

  zsock_destroy (&req);
  zsock_destroy (&rep);
}

static void
router_and_dealer (void)
{
  zsock_t *router = bind_sock (zsock_new (ZMQ_ROUTER));
  zsock_t *dealer = zsock_new (ZMQ_DEALER);
  zmsg_t *message;
  zframe_t *id;

  section ("czmq: ROUTER and DEALER, with messages");
  zsock_set_identity (dealer, "dealer");
  zsock_set_router_mandatory (router, 1);
  connect_sock (dealer, router);
  for (int i = 0; i < 100; i++)
    MUST (zstr_sendf (dealer, "request %d", i) == 0);

  for (int i = 0; i < 100; i++)
    {
      message = zmsg_recv (router);
      MUST (message != NULL && zmsg_size (message) == 2);
      id = zmsg_pop (message);
      if (i % 33 == 0)
        {
          zmsg_pushstr (message, "reply");
          zmsg_prepend (message, &id);
          MUST (zmsg_send (&message, router) == 0 && message == NULL);
        }
      zframe_destroy (&id);
      zmsg_destroy (&message);
    }
  for (int i = 0; i < 4; i++)
    print_and_destroy (zmsg_recv (dealer));

  id = zframe_from ("nobody");
  printf ("%d", zframe_send (&id, router, ZFRAME_MORE));
  printf (" %s\n", error_name (errno));
  zframe_destroy (&id);
  zsock_destroy (&dealer);
  zsock_destroy (&router);
}

static void
publish (void)
{
  zsock_t *xpub = bind_sock (zsock_new (ZMQ_XPUB));
  zsock_t *sub = zsock_new (ZMQ_SUB);
  zsock_t *xsub = zsock_new (ZMQ_XSUB);

  section ("czmq: XPUB, SUB and XSUB");
  zsock_set_subscribe (sub, "topic");
  connect_sock (sub, xpub);
  print_and_destroy (zmsg_recv (xpub));
  zstr_send (xpub, "other");
  zstr_sendx (xpub, "topic one", "text", NULL);
  print_and_destroy (zmsg_recv (sub));
  zsock_set_unsubscribe (sub, "topic");
  print_and_destroy (zmsg_recv (xpub));

  connect_sock (xsub, xpub);
  zsock_send (xsub, "b", "\1all", (size_t) 4);
  print_and_destroy (zmsg_recv (xpub));
  zstr_send (xpub, "all of it");
  print_and_destroy (zmsg_recv (xsub));
  zsock_destroy (&xsub);
  print_and_destroy (zmsg_recv (xpub));
  zsock_destroy (&sub);
  zsock_destroy (&xpub);
}

static void
pipelines (void)
{
  zsock_t *pull = zsock_new_pull ("@inproc://pull,@tcp://127.0.0.1:*");
  zsock_t *push = zsock_new_push (">inproc://pull");
  zsock_t *pair = zsock_new_pair ("@inproc://pair");
  zsock_t *other = zsock_new_pair (">inproc://pair");
  zsock_t *far;
  char *text;
  size_t n = 0;

  section ("czmq: PUSH and PULL, PAIR");
  set_deadlines (pull);
  set_deadlines (pair);
  far = connect_sock (zsock_new (ZMQ_PUSH), pull);
  for (int i = 0; i < 2000; i++)
    MUST (zstr_sendf (i % 2 != 0 ? push : far, "%d", i) == 0);
  for (int i = 0; i < 2000; i++)
    {
      text = zstr_recv (pull);
      MUST (text != NULL);
      n += (size_t) atoi (text);
      zstr_free (&text);
    }
  printf ("%zu\n", n);

  zsock_signal (other, 7);
  printf ("%d\n", zsock_wait (pair));
  zstr_send (pair, "back");
  print_and_destroy (zmsg_recv (other));
  zsock_flush (pair);

  zsock_destroy (&far);
  zsock_destroy (&push);
  zsock_destroy (&pull);
  zsock_destroy (&pair);
  zsock_destroy (&other);
}

/* A client of TCP without frames. */
static void
stream (void)
{
  zsock_t *server = bind_sock (zsock_new (ZMQ_STREAM));
  zsock_t *client = connect_sock (zsock_new (ZMQ_STREAM), server);
  zframe_t *id = NULL;
  zframe_t *data = NULL;
  char bytes[6] = "";
  size_t n = 0;

  section ("czmq: STREAM");
  /* Each is told of the connection. */
  MUST (zsock_recv (client, "ff", &id, &data) == 0);
  printf ("%zu %zu\n", zframe_size (id), zframe_size (data));
  zframe_destroy (&data);
  MUST (zsock_send (client, "fs", id, "hello!") == 0);
  zframe_destroy (&id);
  while (n < sizeof bytes)
    {
      MUST (zsock_recv (server, "ff", &id, &data) == 0);
      MUST (n + zframe_size (data) <= sizeof bytes);
      memcpy (bytes + n, zframe_data (data), zframe_size (data));
      n += zframe_size (data);
      zframe_destroy (&id);
      zframe_destroy (&data);
    }
  print_bytes (bytes, n);
  putchar ('\n');
  zsock_destroy (&client);
  zsock_destroy (&server);
}

/* --- Waiting ------------------------------------------------------------------ */

static void
poller (void)
{
  zsock_t *pulls[20];
  zsock_t *push = zsock_new (ZMQ_PUSH);
  zpoller_t *poller = zpoller_new (NULL);
  zsock_t *which;
  int seen = 0;

  section ("czmq: zpoller");
  set_deadlines (push);
  for (int i = 0; i < 20; i++)
    {
      pulls[i] = bind_sock (zsock_new (ZMQ_PULL));
      MUST (zpoller_add (poller, pulls[i]) == 0);
      connect_sock (push, pulls[i]);
    }
  printf ("%d", zpoller_wait (poller, 0) == NULL);
  printf (" %d %d\n", zpoller_expired (poller), zpoller_terminated (poller));

  for (int i = 0; i < 20; i++)
    MUST (zstr_send (push, "one each") == 0);
  while (seen < 20)
    {
      which = zpoller_wait (poller, DEADLINE);
      MUST (which != NULL);
      print_and_destroy (zmsg_recv (which));
      MUST (zpoller_remove (poller, which) == 0);
      seen++;
    }
  printf ("%d\n", zpoller_wait (poller, 0) == NULL);

  zpoller_destroy (&poller);
  for (int i = 0; i < 20; i++)
    zsock_destroy (&pulls[i]);
  zsock_destroy (&push);
}

static int
on_timer (zloop_t *loop,
          int timer,
          void *data)
{
  (void) loop;
  (void) timer;
  return zstr_send (data, "tick");
}

static int
on_item (zloop_t *loop,
         zmq_pollitem_t *item,
         void *data)
{
  char byte;

  (void) data;
  MUST (read (item->fd, &byte, 1) == 1);
  printf ("a descriptor: %c\n", byte);
  zloop_poller_end (loop, item);
  return 0;
}

static int
on_message (zloop_t *loop,
            zsock_t *sock,
            void *data)
{
  int *left = data;
  char *text = zstr_recv (sock);

  (void) loop;
  printf ("%s\n", text != NULL ? text : "nothing");
  zstr_free (&text);
  return --*left > 0 ? 0 : -1;
}

static void
loop (void)
{
  zsock_t *pull = bind_sock (zsock_new (ZMQ_PULL));
  zsock_t *push = connect_sock (zsock_new (ZMQ_PUSH), pull);
  zloop_t *loop = zloop_new ();
  zmq_pollitem_t item = { NULL, 0, ZMQ_POLLIN, 0 };
  int left = 3;
  int fds[2];

  section ("czmq: zloop");
  MUST (pipe (fds) == 0 && write (fds[1], "x", 1) == 1);
  item.fd = fds[0];
  MUST (zloop_reader (loop, pull, on_message, &left) == 0);
  MUST (zloop_timer (loop, 20, 3, on_timer, push) >= 0);
  MUST (zloop_poller (loop, &item, on_item, NULL) == 0);
  printf ("%d\n", zloop_start (loop));

  zloop_destroy (&loop);
  close (fds[0]);
  close (fds[1]);
  zsock_destroy (&push);
  zsock_destroy (&pull);
}

/* As programs that have a main loop of their own wait. */
static void
descriptor (void)
{
  zsock_t *pull = bind_sock (zsock_new (ZMQ_PULL));
  zsock_t *push = connect_sock (zsock_new (ZMQ_PUSH), pull);
  struct pollfd fd = { zsock_fd (pull), POLLIN, 0 };
  int n = 0;

  section ("czmq: zsock_fd");
  for (int i = 0; i < 100; i++)
    MUST (zstr_send (push, "x") == 0);
  while (n < 100)
    {
      while ((zsock_events (pull) & ZMQ_POLLIN) != 0)
        {
          char *text = zstr_recv_nowait (pull);

          MUST (text != NULL);
          zstr_free (&text);
          n++;
        }
      if (n < 100)
        MUST (poll (&fd, 1, DEADLINE) == 1);
    }
  printf ("%d\n", n);
  zsock_destroy (&push);
  zsock_destroy (&pull);
}

/* --- Actors ------------------------------------------------------------------- */

static void
echo (zsock_t *pipe,
      void *data)
{
  bool goes_on = true;

  zsock_signal (pipe, 0);
  while (goes_on)
    {
      zmsg_t *message = zmsg_recv (pipe);
      char *word = message != NULL ? zmsg_popstr (message) : NULL;

      goes_on = word != NULL && strcmp (word, "$TERM") != 0;
      if (goes_on)
        zstr_sendx (pipe, data, word, NULL);
      zstr_free (&word);
      zmsg_destroy (&message);
    }
}

static void
actors (void)
{
  char name[] = "echo";
  zactor_t *all[50];

  section ("czmq: zactor");
  for (int i = 0; i < 50; i++)
    {
      all[i] = zactor_new (echo, name);
      MUST (all[i] != NULL);
      zstr_sendf (all[i], "%d", i);
    }
  for (int i = 0; i < 50; i++)
    print_and_destroy (zmsg_recv (all[i]));
  for (int i = 0; i < 50; i++)
    zactor_destroy (&all[i]);
}

/* Nobody tells where its sockets are bound: so by names, in the folder. */
static void
proxy (void)
{
  zactor_t *proxy = zactor_new (zproxy, NULL);
  zsock_t *capture = zsock_new_pull ("inproc://capture");
  zsock_t *push;
  zsock_t *pull;
  const char *frontend = "ipc://front";
  const char *backend = "ipc://back";

  section ("czmq: zproxy");
  set_deadlines (capture);
  zstr_sendx (proxy, "FRONTEND", "PULL", frontend, NULL);
  printf ("%d\n", zsock_wait (proxy));
  zstr_sendx (proxy, "BACKEND", "PUSH", backend, NULL);
  printf ("%d\n", zsock_wait (proxy));
  zstr_sendx (proxy, "CAPTURE", "inproc://capture", NULL);
  printf ("%d\n", zsock_wait (proxy));

  push = zsock_new_push (frontend);
  pull = zsock_new (ZMQ_PULL);
  MUST (zsock_connect (pull, "%s", backend) == 0);
  set_deadlines (pull);
  zstr_sendx (push, "through", "it", NULL);
  print_and_destroy (zmsg_recv (pull));
  print_and_destroy (zmsg_recv (capture));

  zstr_send (proxy, "PAUSE");
  printf ("%d\n", zsock_wait (proxy));
  zstr_send (push, "later");
  zsock_set_rcvtimeo (pull, 50);
  print_and_destroy (zmsg_recv (pull));
  zsock_set_rcvtimeo (pull, DEADLINE);
  zstr_send (proxy, "RESUME");
  printf ("%d\n", zsock_wait (proxy));
  print_and_destroy (zmsg_recv (pull));

  zsock_destroy (&push);
  zsock_destroy (&pull);
  zactor_destroy (&proxy);
  zsock_destroy (&capture);
}

/* Which comes first of what the two ends are told is chance: so one by one. */
static void
monitor (void)
{
  zsock_t *server = zsock_new (ZMQ_DEALER);
  zactor_t *monitor = zactor_new (zmonitor, server);
  zsock_t *client;

  section ("czmq: zmonitor");
  zstr_sendx (monitor, "LISTEN", "LISTENING", "ACCEPTED",
              "HANDSHAKE_SUCCEEDED", "DISCONNECTED", NULL);
  zstr_send (monitor, "START");
  zsock_wait (monitor);
  bind_sock (server);
  client = connect_sock (zsock_new (ZMQ_DEALER), server);
  for (int i = 0; i < 4; i++)
    {
      zmsg_t *event = zmsg_recv (monitor);
      char *name = zmsg_popstr (event);

      printf ("%s\n", name);
      if (strcmp (name, "HANDSHAKE_SUCCEEDED") == 0)
        zsock_destroy (&client);
      zstr_free (&name);
      zmsg_destroy (&event);
    }
  zactor_destroy (&monitor);
  zsock_destroy (&server);
}

static void
gossip (void)
{
  char base_name[] = "base";
  char alpha_name[] = "alpha";
  zactor_t *base = zactor_new (zgossip, base_name);
  zactor_t *alpha = zactor_new (zgossip, alpha_name);
  char *command;
  char *endpoint;

  section ("czmq: zgossip");
  zstr_sendx (base, "BIND", "tcp://127.0.0.1:*", NULL);
  zstr_send (base, "PORT");
  MUST (zsock_recv (base, "ss", &command, &endpoint) == 0);
  zstr_sendm (alpha, "CONNECT");
  zstr_sendf (alpha, "tcp://127.0.0.1:%s", endpoint);
  zstr_sendx (alpha, "PUBLISH", "key", "value", NULL);
  print_and_destroy (zmsg_recv (base));
  zstr_sendx (base, "PUBLISH", "other", "thing", NULL);
  print_and_destroy (zmsg_recv (alpha));
  zstr_free (&command);
  zstr_free (&endpoint);
  zactor_destroy (&alpha);
  zactor_destroy (&base);
}

/* Its argument is the list of what is left out. */
int
main (int argc,
      char *argv[])
{
  char folder[] = "/tmp/zmqg-czmq-XXXXXX";
  bool has_stream;

  MUST (argc == 2);
  has_stream = !is_left_out (argv[1], "stream");
  enter_folder (folder);
  section ("czmq: its own tests");
  for (size_t i = 0; i < sizeof self_tests / sizeof *self_tests; i++)
    run_self_test (&self_tests[i], argv[1]);

  print_library ();
  setenv ("ZSYS_SIGHANDLER", "false", 1);
  request_and_reply ();
  router_and_dealer ();
  publish ();
  pipelines ();
  if (has_stream)
    stream ();
  poller ();
  loop ();
  descriptor ();
  actors ();
  proxy ();
  monitor ();
  gossip ();
  leave_folder (folder);
  return 0;
}
