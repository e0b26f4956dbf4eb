"""Threads: an agent that fails with raw text, behind an API of OpenAI's shape.

The room itself is :mod:`example_app.threads.room`; its domain is in ``engine``, ``provider`` and ``errors``.
"""
