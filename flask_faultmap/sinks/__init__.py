"""Who keeps the record of a fault? Receivers of the signal, each with an extra of its own.

Nothing of the package imports them; an app installs the ones that it wants:
:class:`flask_faultmap.sinks.trail.AuditTrail`.
"""

__all__ = ()
