"""Tests, in folders like those of the package."""

from hypothesis import settings

# How long an example takes says nothing on a machine that does other things too.
settings.register_profile("gatepost", deadline=None)
settings.load_profile("gatepost")
