"""Tests of keys, tokens and hashes."""
