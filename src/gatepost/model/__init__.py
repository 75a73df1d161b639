"""What there is: frozen values and the rules that need nothing but values.

Nothing here reads a clock, rolls dice, opens a file or knows about HTTP or SQL.
"""
