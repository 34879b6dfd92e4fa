"""What kind of device or player somebody comes with, by what it calls itself."""

_KINDS = (
    # The more telling word first: Chromium calls itself Safari, and Android Linux.
    ("Home Assistant/", "Home Assistant app"),
    ("HomeAssistant/", "Home Assistant"),
    ("ESPHome", "ESPHome player"),
    ("Sonos", "Sonos"),
    ("CrKey", "Chromecast"),
    ("VLC", "VLC"),
    ("LibVLC", "VLC"),
    ("mpv", "mpv"),
    ("mpg123", "mpg123"),
    ("GStreamer", "GStreamer"),
    ("Lavf", "FFmpeg"),
    ("Music Player Daemon", "MPD"),
    ("curl", "curl"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("SMART-TV", "television"),
    ("SmartTV", "television"),
    ("CrOS", "Chromebook"),
    ("Windows", "Windows PC"),
    ("Macintosh", "Mac"),
)


def kind_of(user_agent: str) -> str:
    """
    Return words for people, empty for what nobody knows.

    Good for a list of who is there, and for nothing else: anybody may say anything.
    """
    for word, kind in _KINDS:
        if word in user_agent:
            return kind
    if "Android" in user_agent:
        return "Android phone" if "Mobile" in user_agent else "Android tablet"
    return "Linux PC" if "Linux" in user_agent else ""
