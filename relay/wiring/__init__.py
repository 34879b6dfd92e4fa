"""How the parts are put together: what is opened with what, and in which order."""
