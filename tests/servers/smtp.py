"""A server of e-mail for a test, by aiosmtpd: it keeps each message in a file, knows one login, and refuses recipients that begin with `nobody`. Those
that begin with `later` it takes when it is asked for the second time.

    smtp.py FOLDER [CERTIFICATE KEY]

Writes its port into FOLDER/port once it listens. With a certificate it takes nothing before STARTTLS.
"""

import asyncio
import itertools
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Keeper:
    def __init__(self, folder):
        self.folder = folder
        self.numbers = itertools.count(1)
        self.asked = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return f"550 5.1.1 <{address}> is unknown here"
        if address.startswith("later") and address not in self.asked:
            self.asked.add(address)
            return "451 4.7.1 come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        head = f"To-Envelope: {', '.join(envelope.rcpt_tos)}\r\n".encode()
        (self.folder / f"{next(self.numbers)}.eml").write_bytes(head + envelope.content)
        return "250 taken"


def knows(server, session, envelope, mechanism, login):
    is_known = isinstance(login, LoginPassword) and login.password == b"hunter2" and login.login == b"tieout"
    return AuthResult(success=is_known, handled=False)


async def serve(folder, certificate=None, key=None):
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    keeper = Keeper(folder)

    def conversation():
        return SMTP(
            keeper,
            hostname="localhost",
            authenticator=knows,
            auth_require_tls=False,
            tls_context=context,
            require_starttls=context is not None,
        )

    server = await asyncio.get_running_loop().create_server(conversation, "127.0.0.1", 0)
    port = folder / "port.new"
    port.write_text(str(server.sockets[0].getsockname()[1]))
    port.rename(folder / "port")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(pathlib.Path(sys.argv[1]), *sys.argv[2:]))
