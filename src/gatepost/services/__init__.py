"""The verbs: load, decide, save. Each is one transaction, with its event in the journal.

Services know the store, the clock and the dice only as the ports say; rules they ask of the
model. REST and portal call the same functions.
"""
