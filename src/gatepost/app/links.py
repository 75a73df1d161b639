"""Links to set a password, wired: mailed by the server, or printed on the command line."""

from gatepost.app.house import House
from gatepost.app.master_key import StartFault
from gatepost.outgoing import NoMailer, SmtpMailer
from gatepost.ports import Mailer
from gatepost.protocol.discovery import ISSUER_PATH
from gatepost.services.courier import Courier
from gatepost.services.password_links import PasswordLinks


def password_links(house: House, public_url: str, courier: Courier) -> PasswordLinks:
    """The links of a running server, by mail where the settings name a mail server."""
    return PasswordLinks(
        house.world, public_url, public_url + ISSUER_PATH, mailer_of(house), courier
    )


def printed_links(house: House) -> PasswordLinks:
    """The links of the command line, which prints them; nobody is told or mailed."""
    public_url = house.settings.public_url
    if public_url is None:
        raise StartFault(
            "GATEPOST_PUBLIC_URL is not set, and every link begins with it. Set it to the address "
            "that browsers use, for example https://id.example.com."
        )
    return PasswordLinks(house.world, public_url, public_url + ISSUER_PATH, NoMailer())


def mailer_of(house: House) -> Mailer:
    """What sends mail, as the settings say."""
    settings, world = house.settings, house.world
    if settings.smtp_url is None or settings.mail_from is None:
        return NoMailer()
    return SmtpMailer(settings.smtp_url, settings.mail_from, (world.clock, world.dice))
