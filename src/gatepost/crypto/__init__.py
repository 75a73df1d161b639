"""Keys and hashes: the only room that speaks to the cryptography and argon2 libraries.

`sealing` keeps the master key and what is derived from it, `jose` makes and opens signed tokens,
`passwords` hashes what people choose. Randomness of ours comes in by `ports.Dice`; key pairs,
signature salts and password salts come from the libraries, out of the same system generator.
"""
