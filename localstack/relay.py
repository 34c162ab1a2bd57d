"""Run an SMTP relay on 127.0.0.1 that asks for STARTTLS and a password, and keeps each message as a file.

usage: relay.py --folder DIR [--port N] [--implicit-tls] [--refuse ADDRESS]... [--until-stdin-closes]

Says in one line of JSON when it is ready. DIR/authority.pem is what its certificate is to be trusted by. Each message
goes to DIR/mail/N.eml, and who it was for to DIR/mail/N.json. The user is `stateward`; the password is in RELAY_PASSWORD.
With --until-stdin-closes it ends when whoever started it ends, however that came.
"""

import argparse
import asyncio
import datetime
import ipaddress
import json
import os
import pathlib
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER = b"stateward"


def certificate(folder: pathlib.Path) -> ssl.SSLContext:
    """An authority of its own, and a certificate for loopback that it signed."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def signed(name: str, key, issuer: str, issuer_key, *extensions) -> x509.Certificate:
        builder = x509.CertificateBuilder()
        builder = builder.subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        builder = builder.issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=2))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(issuer_key, hashes.SHA256())

    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = signed(
        "Test authority", authority_key, "Test authority", authority_key,
        (x509.BasicConstraints(ca=True, path_length=0), True),
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    leaf = signed(
        "localhost", key, "Test authority", authority_key,
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.SubjectAlternativeName(names), False),
        (x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), False),
    )
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain = folder / "relay.pem"
    chain.touch(mode=0o600)
    chain.write_bytes(private + leaf.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


class Box:
    """Keeps what it gets."""

    def __init__(self, folder: pathlib.Path, refused: list[str], implicit: bool) -> None:
        self.folder = folder
        self.refused = refused
        self.implicit = implicit
        folder.mkdir(exist_ok=True)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        number = len(list(self.folder.glob("*.eml")))
        about = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": self.implicit or session.ssl is not None}
        (self.folder / f"{number:04}.json").write_text(json.dumps(about), encoding="utf-8")
        (self.folder / f"{number:04}.eml").write_bytes(envelope.original_content)
        return f"250 kept as {number}"


def known(server, session, envelope, mechanism, data) -> AuthResult:
    """Whether the user is the one that there is."""
    wanted = os.environ.get("RELAY_PASSWORD", "").encode()
    # What is not handled here the server answers itself.
    return AuthResult(handled=False, success=bool(wanted) and data.login == USER and data.password == wanted)


def end_with_stdin() -> None:
    """End when whoever started this has ended."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


async def serve(options) -> None:
    options.folder.mkdir(parents=True, exist_ok=True)
    context = certificate(options.folder)
    box = Box(options.folder / "mail", options.refuse, options.implicit_tls)

    def session() -> SMTP:
        tls = None if options.implicit_tls else context
        # aiosmtpd does not see the encryption that lies below it.
        return SMTP(
            box, hostname="localhost", tls_context=tls, require_starttls=tls is not None, auth_required=True,
            auth_require_tls=tls is not None, authenticator=known,
        )

    below = context if options.implicit_tls else None
    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", options.port, ssl=below)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"endpoint": f"127.0.0.1:{port}", "pid": os.getpid()}), flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--implicit-tls", action="store_true")
    parser.add_argument("--refuse", action="append", default=[], metavar="ADDRESS")
    parser.add_argument("--until-stdin-closes", action="store_true")
    options = parser.parse_args()
    if options.until_stdin_closes:
        threading.Thread(target=end_with_stdin, daemon=True).start()
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
