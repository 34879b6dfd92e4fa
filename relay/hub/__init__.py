"""The heart: streams, and whoever follows them. Asyncio and stdlib only, generic over the frame."""
