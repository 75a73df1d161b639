"""What browsers visit at the identity server: authorization, sign-in, consent, sign-out, account.

A page does one thing and returns to `resume`; no page names another (decision 0003).
"""
