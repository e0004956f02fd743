"""Makes an authority, a server certificate for 127.0.0.1 and two client certificates (one of another
authority) in the folder that is named. For tests only: the keys are not encrypted."""

import datetime
import ipaddress
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FOLDER = Path(sys.argv[1])
NOW = datetime.datetime.now(datetime.timezone.utc)


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def builder(subject, issuer, key):
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(hours=1))
        .not_valid_after(NOW + datetime.timedelta(days=2))
    )


def save(file, certificate, key):
    (FOLDER / f"{file}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (FOLDER / f"{file}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def authority(file):
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        builder(file, file, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    save(file, certificate, key)
    return key


def leaf(file, issuer, issuer_key, usage, addresses=()):
    key = ec.generate_private_key(ec.SECP256R1())
    made = builder(file, issuer, key).add_extension(
        x509.ExtendedKeyUsage([usage]), critical=False
    )
    if addresses:
        made = made.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
    save(file, made.sign(issuer_key, hashes.SHA256()), key)


ours = authority("authority")
theirs = authority("other-authority")
here = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
leaf("server", "authority", ours, ExtendedKeyUsageOID.SERVER_AUTH, here)
leaf("client", "authority", ours, ExtendedKeyUsageOID.CLIENT_AUTH)
leaf("stranger", "other-authority", theirs, ExtendedKeyUsageOID.CLIENT_AUTH)
