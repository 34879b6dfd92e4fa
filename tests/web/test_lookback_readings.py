"""Tests of relay/web/lookback_readings.py: the numbers are those of the parts."""

from pathlib import Path

from relay.consumers.clips import Clips
from relay.consumers.lookback import Lookback
from relay.consumers.media_worker import MediaWorker
from relay.consumers.recordings import Recordings
from relay.consumers.sound_files import SoundFiles
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.lookback_settings import LookbackSettings
from relay.rtp.packet import RtpPacket
from relay.settings import LimitSettings
from relay.web.limits import Limits
from relay.web.lookback_readings import of_files, of_lookback
from relay.web.looking_back import LookingBack
from relay.web.roll import Roll
from tests.fakes import FakeSender


async def test_what_is_kept_is_counted() -> None:
    relay = MediaRelay[RtpPacket](EventBus())
    roll = Roll(Limits(LimitSettings(9, 9, 9, 9, 9)))
    async with Lookback(relay, 60.0) as lookback:
        past = LookingBack(lookback, MediaWorker(), relay, roll)
        FakeSender(relay.publish(StreamName.parse("Nursery"))).send(2000)
        lookback.collect()
        values = {r.name: r.read() for r in of_lookback(lookback, past)}
    assert values["voice_lookback_rings"] == 1
    assert values["voice_lookback_bytes"] > 1024 * 20
    assert values["voice_lookback_packets_total"] == {"kept": 1024, "dropped": 976}
    assert values["voice_lookback_listeners"] == 0


async def test_what_goes_on_and_what_is_over_is_counted(tmp_path: Path) -> None:
    relay = MediaRelay[RtpPacket](EventBus())
    files = SoundFiles(tmp_path, LookbackSettings())
    lookback = Lookback(relay, 60.0)
    clips = Clips(relay.events, lookback, files, ())
    readings = {}
    async with Recordings(relay, files, 60.0) as recordings:
        readings = {r.name: r.read for r in of_files(files, clips, recordings)}
        await recordings.start(relay.publish(StreamName.parse("Nursery")))
        assert readings["voice_recordings"]() == 1
    assert readings["voice_recordings"]() == 0
    assert readings["voice_recordings_ended_total"]()["shutdown"] == 1
    assert readings["voice_kept_bytes"]() == {"clips": 0, "recordings": 0}
    assert readings["voice_clips_total"]() == {"made": 0, "failed": 0}
