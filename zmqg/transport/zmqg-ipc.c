/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-transport-private.h"

#include "base/zmqg-error.h"
#include "transport/zmqg-dial-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* Which file a path named when we made it. */
typedef struct
{
  dev_t device;
  ino_t inode;
} FileIdentity;

static gboolean
is_abstract (const char *path)
{
  return path[0] == '@';
}

/* Errors are without the endpoint. */
static gboolean
make_address (const char *path,
              ZmqgSocketAddress *address,
              GError **error)
{
  gsize length = strlen (path);

  if (length == 0 || g_str_equal (path, "@"))
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT,
                   "“%s” is not a name", path);
      return FALSE;
    }

  /* One byte is for the end of the string. */
  if (length >= sizeof address->un.sun_path)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
                   "“%s” has %" G_GSIZE_FORMAT " bytes, a path may have "
                   "%" G_GSIZE_FORMAT, path, length,
                   sizeof address->un.sun_path - 1);
      return FALSE;
    }

  memset (address, 0, sizeof *address);
  address->un.sun_family = AF_UNIX;
  memcpy (address->un.sun_path, path, length);
  address->size = sizeof address->un;
  if (is_abstract (path))
    {
      address->un.sun_path[0] = '\0';
      address->size = G_STRUCT_OFFSET (struct sockaddr_un, sun_path) + length;
    }

  return TRUE;
}

/* Where wildcards are made: the first variable that names a directory, as in
 * libzmq; then not the current directory, as there, but the system's. */
static const char *
get_temporary_directory (void)
{
  static const char *const names[] = { "TMPDIR", "TEMPDIR", "TMP" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const char *path = g_getenv (names[i]);

      if (path != NULL && g_file_test (path, G_FILE_TEST_IS_DIR))
        return path;
    }

  return g_get_tmp_dir ();
}

/* Makes a folder of its own for a wildcard, which others cannot enter. */
static char *
make_folder (const char *endpoint,
             GError **error)
{
  g_autofree char *folder = NULL;

  folder = g_build_filename (get_temporary_directory (), "tmpXXXXXX", NULL);
  if (mkdtemp (folder) != NULL)
    return g_steal_pointer (&folder);

  zmqg_socket_error_set (error, errno, "Cannot make a folder for", endpoint);
  return NULL;
}

/* A socket file in the way is one that its program left behind, or one of a
 * program that this one takes the name over from: libzmq has it so, and
 * programs rely on it. Unlike there, what is no socket stays: a user's file
 * is not ours to destroy; bind () then finds the address in use. */
static void
remove_old_socket (const char *path)
{
  struct stat status;

  if (lstat (path, &status) == 0 && S_ISSOCK (status.st_mode))
    g_unlink (path);
}

/* The path, and behind its end the identity of the file: what unlinks it
 * later must not unlink a file that another process has put there since. */
static char *
remember_path (const char *path)
{
  gsize size = strlen (path) + 1;
  FileIdentity identity;
  struct stat status;
  char *remembered;

  if (lstat (path, &status) < 0)
    return NULL;

  identity.device = status.st_dev;
  identity.inode = status.st_ino;
  remembered = g_malloc (size + sizeof identity);
  memcpy (remembered, path, size);
  memcpy (remembered + size, &identity, sizeof identity);
  return remembered;
}

static int
unlink_remembered (const char *path)
{
  FileIdentity identity;
  struct stat status;

  memcpy (&identity, path + strlen (path) + 1, sizeof identity);
  if (lstat (path, &status) == 0 && S_ISSOCK (status.st_mode)
      && status.st_dev == identity.device && status.st_ino == identity.inode
      && g_unlink (path) < 0 && errno != ENOENT)
    return errno;

  return 0;
}

/* Opens a listening socket; -1 with errno. */
static int
open_listening (const ZmqgSocketAddress *address,
                const char *path,
                const ZmqgOptions *options)
{
  int fd = zmqg_socket_open (AF_UNIX);
  int errsv;

  if (fd < 0)
    return -1;

  if (!is_abstract (path))
    remove_old_socket (path);
  if (bind (fd, &address->any, address->size) == 0)
    {
      if (listen (fd, options->backlog) == 0)
        return fd;
      errsv = errno;
      if (!is_abstract (path))
        g_unlink (path);
    }
  else
    {
      errsv = errno;
    }

  close (fd);
  errno = errsv;
  return -1;
}

static gboolean
ipc_listen (const char *address,
            const ZmqgOptions *options,
            ZmqgListening *listening,
            GError **error)
{
  g_autofree char *endpoint = g_strconcat ("ipc://", address, NULL);
  g_autofree char *folder = NULL;
  g_autofree char *path = NULL;
  ZmqgSocketAddress local;
  int fd;

  if (address[0] == '*')
    {
      folder = make_folder (endpoint, error);
      if (folder == NULL)
        return FALSE;
      path = g_build_filename (folder, "socket", NULL);
    }
  else
    {
      path = g_strdup (address);
    }

  if (!make_address (path, &local, error))
    {
      g_prefix_error (error, "Cannot listen on %s: ", endpoint);
      goto failed;
    }
  fd = open_listening (&local, path, options);
  if (fd < 0)
    {
      zmqg_socket_error_set (error, errno, "Cannot listen on", endpoint);
      goto failed;
    }

  *listening = (ZmqgListening){
    .fd = fd,
    .uri = g_strconcat ("ipc://", path, NULL),
    .path = is_abstract (path) ? NULL : remember_path (path),
    .folder = g_steal_pointer (&folder),
  };
  return TRUE;

failed:
  if (folder != NULL)
    g_rmdir (folder);
  return FALSE;
}

/* The file stays: whoever made it goes on listening there. */
static gboolean
ipc_adopt (int fd,
           ZmqgListening *listening,
           GError **error)
{
  const gsize start = G_STRUCT_OFFSET (struct sockaddr_un, sun_path);
  ZmqgSocketAddress local;
  g_autofree char *name = NULL;

  if (!zmqg_socket_check_listening (fd, AF_UNIX, AF_UNIX, "ipc", &local,
                                    error))
    return FALSE;

  /* A path may fill all of its place, without a zero. */
  name = local.size > start
             ? g_strndup (local.un.sun_path + (local.un.sun_path[0] == '\0'),
                          local.size - start - (local.un.sun_path[0] == '\0'))
             : g_strdup ("");
  *listening = (ZmqgListening){
    .fd = fd,
    .uri = g_strconcat (local.un.sun_path[0] == '\0' ? "ipc://@" : "ipc://",
                        name, NULL),
    .is_adopted = TRUE,
  };
  return TRUE;
}

static int
ipc_unlisten (ZmqgListening *listening)
{
  int errsv = 0;

  /* First the name, so that nobody finds a socket that is closed. */
  if (listening->path != NULL)
    errsv = unlink_remembered (listening->path);
  zmqg_listening_close (listening);
  g_clear_pointer (&listening->path, g_free);

  if (listening->folder != NULL && g_rmdir (listening->folder) < 0 &&
      errno != ENOENT && errsv == 0)
    errsv = errno;
  g_clear_pointer (&listening->folder, g_free);
  return errsv;
}

/* Who the kernel says is at the other end. */
static gboolean
take_credentials (ZmqgLink *link,
                  struct ucred *known)
{
  struct ucred ucred;
  socklen_t size = sizeof ucred;

  if (getsockopt (link->fd, SOL_SOCKET, SO_PEERCRED, &ucred, &size) < 0)
    return FALSE;

  link->credentials = g_credentials_new ();
  g_credentials_set_native (link->credentials,
                            G_CREDENTIALS_TYPE_LINUX_UCRED, &ucred);
  link->peer_address = g_strdup_printf ("localhost:%u:%u:%d", ucred.uid,
                                        ucred.gid, ucred.pid);
  if (known != NULL)
    *known = ucred;
  return TRUE;
}

/* Whether the process at the other end has that group beside its own. */
static gboolean
has_group (int fd,
           guint id)
{
#ifdef SO_PEERGROUPS
  socklen_t size = 64 * sizeof (gid_t);
  g_autofree gid_t *groups = g_malloc (size);
  int result = getsockopt (fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size);

  if (result < 0 && errno == ERANGE)
    {
      /* The size is what it should have been. */
      groups = g_realloc (groups, size);
      result = getsockopt (fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size);
    }
  for (guint i = 0; result == 0 && i < size / sizeof (gid_t); i++)
    if (groups[i] == id)
      return TRUE;
#endif

  return FALSE;
}

static gboolean
is_let_in (int fd,
           const struct ucred *peer,
           const GArray *filters)
{
  for (guint i = 0; i < filters->len; i++)
    {
      const ZmqgIpcFilter *filter = &g_array_index (filters, ZmqgIpcFilter, i);

      switch (filter->kind)
        {
        case ZMQG_IPC_FILTER_UID:
          if (peer->uid == filter->id)
            return TRUE;
          break;

        case ZMQG_IPC_FILTER_GID:
          if (peer->gid == filter->id || has_group (fd, filter->id))
            return TRUE;
          break;

        case ZMQG_IPC_FILTER_PID:
        default:
          if ((guint) peer->pid == filter->id)
            return TRUE;
          break;
        }
    }

  return FALSE;
}

static ZmqgLink *
ipc_accept (const ZmqgListening *listening,
            const ZmqgOptions *options,
            GError **error)
{
  ZmqgSocketAddress remote;
  struct ucred peer;
  ZmqgLink *link;
  int fd = zmqg_socket_accept (listening, &remote, error);
  gboolean known;

  if (fd < 0)
    return NULL;

  link = zmqg_link_new_fd (fd);
  link->local_text = g_strdup (listening->uri);
  link->remote = g_socket_address_new_from_native (&remote.any, remote.size);
  known = take_credentials (link, &peer);
  if (options->ipc_filters != NULL
      && (!known || !is_let_in (fd, &peer, options->ipc_filters)))
    g_set_error (&link->refusal, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                 "%s: no filter of %s lets that process in",
                 known ? link->peer_address : "A process unknown",
                 listening->uri);
  else
    zmqg_socket_tune_buffers (fd, options);
  return link;
}

static gboolean
ipc_check (const char *address,
           GError **error)
{
  ZmqgSocketAddress ignored;

  if (make_address (address, &ignored, error))
    return TRUE;

  g_prefix_error (error, "Cannot connect to ipc://%s: ", address);
  return FALSE;
}

static gboolean
ipc_dial_begin (ZmqgDial *dial,
                GError **error)
{
  ZmqgSocketAddress remote;

  if (!make_address (zmqg_dial_get_address (dial), &remote, error))
    return FALSE;

  zmqg_dial_add_target (dial, &remote);
  return TRUE;
}

static gboolean
ipc_dial_prepare (ZmqgDial *dial,
                  int fd,
                  const ZmqgSocketAddress *target G_GNUC_UNUSED,
                  GError **error G_GNUC_UNUSED)
{
  zmqg_socket_tune_buffers (fd, zmqg_dial_get_options (dial));
  return TRUE;
}

static gboolean
ipc_dial_connected (ZmqgDial *dial,
                    ZmqgLink *link,
                    GError **error)
{
  const char *address = zmqg_dial_get_address (dial);
  ZmqgSocketAddress remote;

  if (!make_address (address, &remote, error))
    return FALSE;

  link->remote_text = g_strconcat ("ipc://", address, NULL);
  link->remote = g_socket_address_new_from_native (&remote.any, remote.size);
  take_credentials (link, NULL);
  return TRUE;
}

static const ZmqgDialKind ipc_dial_kind = {
  .scheme = "ipc",
  .begin = ipc_dial_begin,
  .prepare = ipc_dial_prepare,
  .connected = ipc_dial_connected,
};

static void
ipc_dial (const char *address,
          const ZmqgOptions *options,
          GCancellable *cancellable,
          ZmqgDialNote note,
          ZmqgDialDone done,
          gpointer user_data)
{
  zmqg_dial_start (&ipc_dial_kind, address, options, cancellable, note, done,
                   user_data);
}

const ZmqgTransport zmqg_ipc_transport = {
  .scheme = "ipc",
  .listen = ipc_listen,
  .adopt = ipc_adopt,
  .unlisten = ipc_unlisten,
  .accept = ipc_accept,
  .check = ipc_check,
  .dial = ipc_dial,
};
