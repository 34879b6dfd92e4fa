"""HTTP and WebSocket: pages, signaling, health and metrics. The one package that speaks aiohttp."""
