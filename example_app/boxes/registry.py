"""Where the images of boxes come from: a few are here, others only at a registry over the network."""

import socket

from example_app.boxes.sdk import BoxliteError, Code

HERE = ("alpine:3.20", "alpine:latest", "debian:12")
MIRROR = "mirror/"  # "mirror/alpine:3.20" is pulled from the mirror


def pull(image: str, mirror: tuple[str, int]) -> None:
    """Have *image* at hand; what the mirror has is asked for there.

    Raises:
        BoxliteError: with Code.IMAGE, nobody has it; with Code.NETWORK, the mirror cannot be reached.
    """
    if image.startswith(MIRROR):
        try:
            socket.create_connection(mirror, timeout=2).close()
        except OSError as exc:
            raise BoxliteError(Code.NETWORK, f"{mirror[0]}:{mirror[1]}: {exc}") from exc
    if image.removeprefix(MIRROR) not in HERE:
        raise BoxliteError(Code.IMAGE, f"manifest unknown for {image}")
