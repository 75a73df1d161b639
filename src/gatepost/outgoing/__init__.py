"""Outgoing calls: the only room that opens connections to other servers.

`calls` posts forms to addresses that an administrator registered, `mail` hands letters to the mail
server that the operator set, `witnesses` gives checkpoints to the file or the server that the
operator set. `connections` has what the calls need: a limit of time for the whole.
"""

from gatepost.outgoing.calls import MAX_READ, PATIENCE_S, Messenger
from gatepost.outgoing.mail import NoMailer, SmtpMailer
from gatepost.outgoing.witnesses import FileWitness, HeaderFault, WebWitness, headers_in

__all__ = [
    "MAX_READ",
    "PATIENCE_S",
    "FileWitness",
    "HeaderFault",
    "Messenger",
    "NoMailer",
    "SmtpMailer",
    "WebWitness",
    "headers_in",
]
