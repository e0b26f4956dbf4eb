"""The exception of a library that raises one class for everything."""


class SDKError(Exception):
    """A foreign failure: a text, and whatever else its raiser tells."""

    def __init__(self, text="the disk is full", **told):
        super().__init__(text)
        vars(self).update(told)
