"""A certificate authority for one run: certificates for whatever name is asked for, signed by a CA of its own."""

import datetime
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def pem_key(key):
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


class Authority:
    """Writes its certificate to `folder/ca.pem`, which AWS_CA_BUNDLE and SSL_CERT_FILE can name."""

    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.contexts = {}
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name("The judge's authority")
        own = self.builder(self.name, self.key.public_key())
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        (folder / "ca.pem").write_bytes(self.signed(own))

    def builder(self, subject, public):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        return builder.not_valid_after(now + datetime.timedelta(days=2))

    def signed(self, builder):
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def context(self, host):
        """A server's TLS settings for a host; HTTP/1.1 only."""
        with self.lock:
            if host not in self.contexts:
                self.contexts[host] = self.make(host)
            return self.contexts[host]

    def make(self, host):
        key = ec.generate_private_key(ec.SECP256R1())
        # A common name has at most 64 characters; what counts is the alternative name.
        builder = self.builder(name(host[-64:]), key.public_key())
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(use, critical=False)
        path = self.folder / f"{len(self.contexts)}.pem"
        path.write_bytes(self.signed(builder) + pem_key(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        context.set_alpn_protocols(["http/1.1"])
        return context
