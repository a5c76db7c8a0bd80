/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

namespace Zmqg {
	/* The callback gets the socket and the condition: GLib.Source alone would
	 * take one that does not, and pass it the wrong data. */
	[Compact]
	[CCode (cname = "GSource", cheader_filename = "zmqg.h", ref_function = "g_source_ref", unref_function = "g_source_unref")]
	public class SocketSource : GLib.Source {
		[CCode (cname = "zmqg_socket_create_source")]
		public SocketSource (Zmqg.Socket socket, GLib.IOCondition condition, GLib.Cancellable? cancellable = null);
		[CCode (cname = "g_source_set_callback")]
		public void set_callback ([CCode (type = "GSourceFunc")] owned Zmqg.SocketSourceFunc func);
	}
}
