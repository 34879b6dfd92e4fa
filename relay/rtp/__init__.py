"""RTP as pure code: headers, wrap-around, ordering. No sockets, no clock of its own."""
