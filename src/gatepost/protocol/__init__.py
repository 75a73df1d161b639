"""What the specifications say, as pure functions of values; each names its section.

Nothing here reads the clock or the store: evidence is loaded by the services and handed in.
"""
