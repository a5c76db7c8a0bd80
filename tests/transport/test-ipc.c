/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport-test.h"

#include "base/zmqg-error.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

#define IPC (&zmqg_ipc_transport)

/* A path in a folder of the test's own, of @size bytes (0: short). */
static char *
make_path (const char *folder,
           gsize size)
{
  g_autofree char *start = g_build_filename (folder, "s", NULL);
  char *path = g_strdup (start);

  if (size > 0)
    {
      g_free (path);
      path = g_strnfill (size, 'x');
      memcpy (path, start, strlen (start));
    }
  return path;
}

static void
check_credentials (ZmqgLink *link)
{
  g_autofree char *peer_address
      = g_strdup_printf ("localhost:%u:%u:%d", geteuid (), getegid (),
                         getpid ());

  g_assert_cmpstr (link->peer_address, ==, peer_address);
  g_assert_nonnull (link->credentials);
  g_assert_cmpint (g_credentials_get_unix_user (link->credentials, NULL), ==,
                   geteuid ());
  g_assert_cmpint (g_credentials_get_unix_pid (link->credentials, NULL), ==,
                   getpid ());
}

/* Connects to the listening, and compares the two ends. */
static void
check_connects (TransportTest *self,
                const ZmqgListening *listening)
{
  g_autoptr (ZmqgLink) accepted = NULL;
  DialTest dial;

  dial_test_start (&dial, self, IPC, listening->uri + strlen ("ipc://"),
                   NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);
  accepted = transport_test_accept (self, IPC, listening);

  transport_test_check_fd (dial.link->fd);
  g_assert_cmpstr (dial.link->remote_text, ==, listening->uri);
  g_assert_cmpstr (accepted->local_text, ==, listening->uri);
  g_assert_true (G_IS_UNIX_SOCKET_ADDRESS (dial.link->remote));
  g_assert_true (G_IS_UNIX_SOCKET_ADDRESS (accepted->remote));
  check_credentials (dial.link);
  check_credentials (accepted);
  transport_test_check_pair (dial.link, accepted);
  transport_test_check_pair (accepted, dial.link);
  dial_test_clear (&dial);
}

static void
test_path (TransportTest *self,
           gconstpointer data)
{
  g_autofree char *folder = zmqg_test_tmpdir ();
  g_autofree char *path = make_path (folder, 0);
  g_autofree char *uri = g_strconcat ("ipc://", path, NULL);
  ZmqgListening listening;

  transport_test_listen (self, IPC, path, &listening);
  g_assert_cmpstr (listening.uri, ==, uri);
  g_assert_cmpstr (listening.path, ==, path);
  g_assert_null (listening.folder);
  check_connects (self, &listening);
  check_connects (self, &listening);
  transport_test_unlisten (IPC, &listening);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  zmqg_test_rmdir (folder);
}

static void
test_relative_path (TransportTest *self,
                    gconstpointer data)
{
  g_autofree char *folder = zmqg_test_tmpdir ();
  g_autofree char *before = g_get_current_dir ();
  ZmqgListening listening;

  g_assert_no_errno (g_chdir (folder));
  transport_test_listen (self, IPC, "relative", &listening);
  g_assert_cmpstr (listening.uri, ==, "ipc://relative");
  check_connects (self, &listening);
  transport_test_unlisten (IPC, &listening);
  g_assert_no_errno (g_chdir (before));
  zmqg_test_rmdir (folder);
}

static void
test_length (TransportTest *self,
             gconstpointer data)
{
  g_autofree char *folder = zmqg_test_tmpdir ();
  g_autofree char *longest = make_path (folder, 107);
  g_autofree char *too_long = make_path (folder, 108);
  g_autofree char *abstract = g_strnfill (107, 'a');
  g_autoptr (GError) error = NULL;
  ZmqgListening listening;

  g_assert_true (IPC->check (longest, NULL));
  transport_test_listen (self, IPC, longest, &listening);
  check_connects (self, &listening);
  transport_test_unlisten (IPC, &listening);

  abstract[0] = '@';
  transport_test_listen (self, IPC, abstract, &listening);
  check_connects (self, &listening);
  transport_test_unlisten (IPC, &listening);

  g_assert_false (IPC->check (too_long, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG);
  transport_test_listen_fails (self, IPC, too_long, 0,
                               G_IO_ERROR_FILENAME_TOO_LONG);
  transport_test_dial_fails (self, IPC, too_long, 0,
                             G_IO_ERROR_FILENAME_TOO_LONG);
  zmqg_test_rmdir (folder);
}

static void
test_refused (TransportTest *self,
              gconstpointer data)
{
  g_autofree char *folder = zmqg_test_tmpdir ();
  g_autofree char *path = make_path (folder, 0);
  g_autofree char *in_nothing = g_build_filename (folder, "no", "s", NULL);
  g_autofree char *aside = g_strconcat (path, "2", NULL);
  g_autoptr (GError) error = NULL;
  ZmqgListening listening;

  g_assert_false (IPC->check ("@", &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT);
  g_assert_true (IPC->check (in_nothing, NULL));
  g_assert_true (IPC->check ("@a", NULL));

  transport_test_listen_fails (self, IPC, "@", ZMQG_ERROR,
                               ZMQG_ERROR_INVALID_ENDPOINT);
  transport_test_listen_fails (self, IPC, in_nothing, 0,
                               G_IO_ERROR_NOT_FOUND);
  transport_test_dial_fails (self, IPC, path, 0, G_IO_ERROR_NOT_FOUND);

  /* A socket file without a listener. */
  transport_test_listen (self, IPC, path, &listening);
  g_assert_no_errno (g_rename (path, aside));
  transport_test_unlisten (IPC, &listening);
  transport_test_dial_fails (self, IPC, aside, 0,
                             G_IO_ERROR_CONNECTION_REFUSED);

  if (geteuid () != 0)
    {
      g_assert_no_errno (g_chmod (folder, 0500));
      transport_test_listen_fails (self, IPC, path, 0,
                                   G_IO_ERROR_PERMISSION_DENIED);
      g_assert_no_errno (g_chmod (folder, 0700));
    }
  zmqg_test_rmdir (folder);
}

static void
test_abstract (TransportTest *self,
               gconstpointer data)
{
  g_autofree char *name
      = g_strdup_printf ("@zmqg-test-%d-%u", getpid (), g_random_int ());
  g_autofree char *uri = g_strconcat ("ipc://", name, NULL);
  ZmqgListening listening;

  transport_test_dial_fails (self, IPC, name, 0,
                             G_IO_ERROR_CONNECTION_REFUSED);
  transport_test_listen (self, IPC, name, &listening);
  g_assert_cmpstr (listening.uri, ==, uri);
  g_assert_null (listening.path);
  g_assert_false (g_file_test (name, G_FILE_TEST_EXISTS));
  check_connects (self, &listening);
  transport_test_listen_fails (self, IPC, name, ZMQG_ERROR,
                               ZMQG_ERROR_ADDRESS_IN_USE);
  transport_test_unlisten (IPC, &listening);

  transport_test_listen (self, IPC, name, &listening);
  transport_test_unlisten (IPC, &listening);
}

/* A path and a name: neither is removed, nor is anything where they were. */
static void
test_adopt (TransportTest *self,
            gconstpointer data)
{
  g_autofree char *folder = zmqg_test_tmpdir ();
  g_autofree char *path = g_build_filename (folder, "socket", NULL);
  g_autofree char *name = g_strconcat ("@", folder, NULL);
  const char *addresses[] = { path, name };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (GError) error = NULL;
      ZmqgListening original;
      ZmqgListening listening;

      transport_test_listen (self, IPC, addresses[i], &original);
      g_assert_true (IPC->adopt (dup (original.fd), &listening, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (listening.uri, ==, original.uri);
      check_connects (self, &listening);
      transport_test_unlisten (IPC, &listening);
      g_assert_true (i == 1 || g_file_test (path, G_FILE_TEST_EXISTS));
      check_connects (self, &original);
      transport_test_unlisten (IPC, &original);
    }
  zmqg_test_rmdir (folder);
}

static void
check_buffers (int fd)
{
  /* The kernel doubles what it is asked for. */
  g_assert_cmpint (transport_test_get_option (fd, SOL_SOCKET, SO_SNDBUF), ==,
                   2 * 20000);
  g_assert_cmpint (transport_test_get_option (fd, SOL_SOCKET, SO_RCVBUF), ==,
                   2 * 30000);
}

static void
test_buffers (TransportTest *self,
              gconstpointer data)
{
  g_autofree char *folder = zmqg_test_tmpdir ();
  g_autofree char *path = make_path (folder, 0);
  g_autoptr (ZmqgLink) accepted = NULL;
  ZmqgListening listening;
  DialTest dial;

  self->options->send_buffer = 20000;
  self->options->receive_buffer = 30000;
  transport_test_listen (self, IPC, path, &listening);
  dial_test_start (&dial, self, IPC, path, NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);
  accepted = transport_test_accept (self, IPC, &listening);
  check_buffers (dial.link->fd);
  check_buffers (accepted->fd);
  transport_test_check_pair (dial.link, accepted);
  dial_test_clear (&dial);
  transport_test_unlisten (IPC, &listening);
  zmqg_test_rmdir (folder);
}

/* That a wildcard is made in @folder, and is gone afterwards. */
static void
check_wildcard (TransportTest *self,
                const char *address,
                const char *folder)
{
  g_autofree char *prefix = g_strconcat ("ipc://", folder, "/tmp", NULL);
  g_autofree char *made_path = NULL;
  g_autofree char *made_folder = NULL;
  ZmqgListening listening;

  transport_test_listen (self, IPC, address, &listening);
  g_assert_true (g_str_has_prefix (listening.uri, prefix));
  g_assert_true (g_str_has_suffix (listening.uri, "/socket"));
  made_path = g_strdup (listening.path);
  made_folder = g_strdup (listening.folder);
  g_assert_true (g_file_test (made_path, G_FILE_TEST_EXISTS));
  check_connects (self, &listening);
  transport_test_unlisten (IPC, &listening);
  g_assert_false (g_file_test (made_path, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (made_folder, G_FILE_TEST_EXISTS));
}

static void
test_wildcard (TransportTest *self,
               gconstpointer data)
{
  static const char *const names[] = { "TMP", "TEMPDIR", "TMPDIR" };
  g_autofree char *folder = zmqg_test_tmpdir ();
  g_autofree char *nowhere = g_build_filename (folder, "nowhere", NULL);
  g_autofree char *second = g_build_filename (folder, "TEMPDIR", NULL);
  g_autofree char *deep = NULL;
  g_autofree char *name = g_strnfill (100, 'd');
  g_auto (GStrv) environment = g_get_environ ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_unsetenv (names[i]);
  check_wildcard (self, "*", g_get_tmp_dir ());

  /* The later ones in the list come first. */
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_assert_no_errno (g_mkdir (path, 0700));
      g_setenv (names[i], path, TRUE);
      check_wildcard (self, i == 1 ? "*and what follows" : "*", path);
    }

  /* What is no folder is passed over. */
  g_setenv ("TMPDIR", nowhere, TRUE);
  check_wildcard (self, "*", second);

  /* Nothing is left when it cannot be bound. */
  deep = g_build_filename (folder, name, NULL);
  g_assert_no_errno (g_mkdir (deep, 0700));
  g_setenv ("TMPDIR", deep, TRUE);
  transport_test_listen_fails (self, IPC, "*", 0,
                               G_IO_ERROR_FILENAME_TOO_LONG);
  g_assert_no_errno (g_rmdir (deep));

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const char *before = g_environ_getenv (environment, names[i]);

      if (before != NULL)
        g_setenv (names[i], before, TRUE);
      else
        g_unsetenv (names[i]);
    }
  zmqg_test_rmdir (folder);
}

static void
test_takes_over (TransportTest *self,
                 gconstpointer data)
{
  g_autofree char *folder = zmqg_test_tmpdir ();
  g_autofree char *path = make_path (folder, 0);
  ZmqgListening first;
  ZmqgListening second;

  /* A live listener loses its name, and does not unlink the other's. */
  transport_test_listen (self, IPC, path, &first);
  transport_test_listen (self, IPC, path, &second);
  check_connects (self, &second);
  transport_test_unlisten (IPC, &first);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  check_connects (self, &second);
  transport_test_unlisten (IPC, &second);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  zmqg_test_rmdir (folder);
}

static void
test_spares_files (TransportTest *self,
                   gconstpointer data)
{
  g_autofree char *folder = zmqg_test_tmpdir ();
  g_autofree char *path = make_path (folder, 0);
  g_autofree char *contents = NULL;
  g_autofree char *after = NULL;
  ZmqgListening listening;

  /* Not at bind… */
  g_assert_true (g_file_set_contents (path, "dear", -1, NULL));
  transport_test_listen_fails (self, IPC, path, ZMQG_ERROR,
                               ZMQG_ERROR_ADDRESS_IN_USE);
  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "dear");
  transport_test_listen_fails (self, IPC, folder, ZMQG_ERROR,
                               ZMQG_ERROR_ADDRESS_IN_USE);

  /* … and not at unbind. */
  g_assert_no_errno (g_unlink (path));
  transport_test_listen (self, IPC, path, &listening);
  g_assert_no_errno (g_unlink (path));
  g_assert_true (g_file_set_contents (path, "dear", -1, NULL));
  transport_test_unlisten (IPC, &listening);
  g_assert_true (g_file_get_contents (path, &after, NULL, NULL));
  g_assert_cmpstr (after, ==, "dear");

  /* Somebody removed it already. */
  g_assert_no_errno (g_unlink (path));
  transport_test_listen (self, IPC, path, &listening);
  g_assert_no_errno (g_unlink (path));
  transport_test_unlisten (IPC, &listening);
  zmqg_test_rmdir (folder);
}

static void
test_backlog_full (TransportTest *self,
                   gconstpointer data)
{
  g_autofree char *folder = zmqg_test_tmpdir ();
  g_autofree char *path = make_path (folder, 0);
  g_autoptr (GPtrArray) links
      = g_ptr_array_new_with_free_func ((GDestroyNotify) zmqg_link_free);
  ZmqgListening listening;
  DialTest dial;

  self->options->backlog = 1;
  transport_test_listen (self, IPC, path, &listening);
  for (guint i = 0; i < 10; i++)
    {
      dial_test_start (&dial, self, IPC, path, NULL);
      dial_test_await (&dial);
      if (dial.link == NULL)
        break;
      g_ptr_array_add (links, dial.link);
    }
  g_assert_error (dial.error, G_IO_ERROR, G_IO_ERROR_BUSY);
  dial_test_clear (&dial);
  g_assert_cmpuint (links->len, >=, 1);
  transport_test_unlisten (IPC, &listening);
  zmqg_test_rmdir (folder);
}

static void
test_accept_nothing (TransportTest *self,
                     gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  ZmqgListening listening;

  transport_test_listen (self, IPC, "*", &listening);
  g_assert_null (IPC->accept (&listening, self->options, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
  transport_test_unlisten (IPC, &listening);
}

static void
test_cancel (TransportTest *self,
             gconstpointer data)
{
  ZmqgListening listening;

  transport_test_listen (self, IPC, "*", &listening);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      DialTest dial;

      if (i == 0)
        g_cancellable_cancel (cancellable);
      dial_test_start (&dial, self, IPC, listening.uri + strlen ("ipc://"),
                       cancellable);
      g_cancellable_cancel (cancellable);
      dial_test_await (&dial);
      g_assert_error (dial.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      dial_test_clear (&dial);
    }
  transport_test_unlisten (IPC, &listening);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) \
  g_test_add ("/zmqg/ipc/" path, TransportTest, NULL, transport_test_set_up, \
              function, transport_test_tear_down)

  ADD ("path", test_path);
  ADD ("relative-path", test_relative_path);
  ADD ("length", test_length);
  ADD ("refused", test_refused);
  ADD ("abstract", test_abstract);
  ADD ("adopt", test_adopt);
  ADD ("buffers", test_buffers);
  ADD ("wildcard", test_wildcard);
  ADD ("takes-over", test_takes_over);
  ADD ("spares-files", test_spares_files);
  ADD ("backlog-full", test_backlog_full);
  ADD ("accept-nothing", test_accept_nothing);
  ADD ("cancel", test_cancel);

  return g_test_run ();
}
