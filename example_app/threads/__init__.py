"""Threads: an agent that fails with raw text, behind an API of OpenAI's shape.

The room itself is :mod:`example_app.threads.room`; what is beside it knows neither Flask nor any status.
"""
