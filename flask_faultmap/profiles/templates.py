"""The body of one kind, made once; an occurrence fills the placeholders."""

from json.encoder import encode_basestring

from flask_faultmap.faults import Fault, Kind
from flask_faultmap.http.statuses import phrase
from flask_faultmap.profiles.encoding import to_bytes
from flask_faultmap.profiles.profile import Profile
from flask_faultmap.profiles.schemas import ABOUT_BLANK, FaultMessageSchema, ProblemSchema, repeats

FILLABLE = frozenset({ProblemSchema, FaultMessageSchema})


class Template:
    """The body of one kind, made once, with placeholders for text and id.

    A dump costs a third of what Flask needs for a whole request (docs/explanation/performance), so the
    built-in schemas dump once for each kind. Both ways give the same bytes; a property test holds that.
    """

    __slots__ = ("_spoken", "_title", "_untold", "_usual", "_usual_body")

    TEXT = "\x00text\x00"
    ID = "\x00id\x00"

    def __init__(self, profile: Profile, kind: Kind, usual: str = "") -> None:
        """Make the body of *kind*; *usual* is the text that most of its faults have."""
        self._spoken = _Parts(profile.render(Fault(kind, self.ID, self.TEXT)).decode())
        self._title = self._untold = None
        if profile.schema is ProblemSchema:  # leaves out a text that repeats the title
            self._title = phrase(kind.status) if kind.type == ABOUT_BLANK else kind.title
            self._untold = _Parts(profile.render(Fault(kind, self.ID, self._title)).decode())
        self._usual = usual
        self._usual_body = self._filled(usual, self.ID).partition(self.ID.encode())

    def fill(self, text: str, identity: str) -> bytes:
        """Give the body of one occurrence; *identity* has only characters that JSON takes as they are."""
        if text is self._usual:
            head, mark, tail = self._usual_body
            return head + identity.encode() + tail if mark else head
        return self._filled(text, identity)

    def _filled(self, text: str, identity: str) -> bytes:
        if self._untold is not None and self._title is not None and repeats(text, self._title):
            return self._untold.fill(text, identity)
        return self._spoken.fill(text, identity)


class _Parts:
    """A JSON text, parted where the text and the id of an occurrence go."""

    __slots__ = ("_head", "_middle", "_shows_id", "_shows_text", "_tail")

    def __init__(self, whole: str) -> None:
        self._head, self._shows_text, rest = _part(whole, encode_basestring(Template.TEXT))
        self._middle, self._shows_id, self._tail = _part(rest, encode_basestring(Template.ID))

    def fill(self, text: str, identity: str) -> bytes:
        shown = encode_basestring(text) if self._shows_text else ""
        known = f'"{identity}"' if self._shows_id else ""
        return to_bytes(f"{self._head}{shown}{self._middle}{known}{self._tail}")


def _part(whole: str, mark: str) -> tuple[str, bool, str]:
    """Part *whole* at *mark*; without the mark all of it is the rest."""
    head, found, rest = whole.partition(mark)
    return (head, True, rest) if found else ("", False, whole)
