"""How does a stream look on the wire? Items, a last error frame and an end mark, written and read."""

from flask_faultmap.streams.framing import NDJSON, SSE, Event, Framing

__all__ = ["NDJSON", "SSE", "Event", "Framing"]
