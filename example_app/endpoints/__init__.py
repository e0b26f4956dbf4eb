"""The fifth system: Backend.AI's client of a proxy that it does not control, where nothing is swallowed.

``errors`` is the domain, ``client`` calls the coordinator, ``process`` runs it, ``room`` is the HTTP side.
"""
