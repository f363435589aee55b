"""Short videos out of longer ones: what is described within seconds."""

from __future__ import annotations

from pathlib import Path

import av


def beginning(source: Path, target: Path, *, seconds: float) -> Path:
    """Copy the packets of a clip's first seconds, and put the copy in place whole."""
    draft = target.with_name(f".{target.name}.part.mp4")
    with av.open(str(source)) as given, av.open(str(draft), "w", options={"movflags": "+faststart"}) as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in given.streams}
        for packet in given.demux():
            if packet.dts is not None and packet.dts * packet.time_base < seconds:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    return draft.rename(target)
