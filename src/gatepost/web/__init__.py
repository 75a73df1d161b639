"""The fronts over HTTP: a thin `Call` in, a `Reply` out, and tables of what answers where.

Handlers are plain functions that run in worker threads; only `front` is asynchronous.
"""
