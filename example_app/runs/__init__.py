"""Runs: a workflow executor on a real SQLite store, in the shape of Forest's.

The room itself is :mod:`example_app.runs.room`; its domain is in ``store``, ``executor``, ``tokens`` and
``errors``.
"""
