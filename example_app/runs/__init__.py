"""Runs: a workflow executor on a real SQLite store, in the shape of Forest's.

The room itself is :mod:`example_app.runs.room`; what is beside it knows neither Flask nor any status.
"""
