"""What is said on the socket, and in which order. Pure: no asyncio, no sockets."""
