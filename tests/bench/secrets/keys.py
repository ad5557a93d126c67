"""Private keys in pure Python, since those of `openssl` and `ssh-keygen` differ at every run. They are real but small."""

import base64
import hashlib
import hmac
import textwrap

OID = {
    "rsa": "06092a864886f70d010101",
    "ec": "06072a8648ce3d0201",
    "p256": "06082a8648ce3d030107",
    "ed25519": "06032b6570",
    "x25519": "06032b656e",
    "pbes2": "06092a864886f70d01050d",
    "pbkdf2": "06092a864886f70d01050c",
    "aes256": "060960864801650304012a",
}


def tlv(tag, *parts):
    """One DER element."""
    body = b"".join(parts)
    length = len(body)
    if length < 128:
        return bytes([tag, length]) + body
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + body


def integer(number):
    """A DER integer."""
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def oid(name):
    """An object identifier by our own name for it."""
    return bytes.fromhex(OID[name])


def pem(label, der, head=""):
    """The armour around it."""
    lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN {label}-----\n{head}{lines}\n-----END {label}-----"


def prime(dice, bits):
    """A probable prime whose two highest bits are set."""
    while True:
        number = int.from_bytes(dice.bytes(bits // 8), "big") | 3 << bits - 2 | 1
        small = all(number % p for p in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47))
        if small and number % 65537 != 1 and all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7)):
            return number


def rsa(dice, bits):
    """The numbers of a PKCS #1 key, RFC 8017."""
    p, q = prime(dice, bits // 2), prime(dice, bits // 2)
    d = pow(65537, -1, (p - 1) * (q - 1))
    return [0, p * q, 65537, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]


def pkcs1(numbers):
    """Their DER."""
    return tlv(0x30, *map(integer, numbers))


def pkcs8(algorithm, key):
    """RFC 5208."""
    return tlv(0x30, integer(0), tlv(0x30, algorithm), tlv(4, key))


PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
CURVE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def p256(scalar):
    """The point of a scalar on P-256."""

    def add(a, b):
        if a is None:
            return b
        if a == b:
            slope = (3 * a[0] ** 2 - 3) * pow(2 * a[1], -1, PRIME)
        else:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, PRIME)
        x = (slope**2 - a[0] - b[0]) % PRIME
        return x, (slope * (a[0] - x) - a[1]) % PRIME

    out, step = None, CURVE
    while scalar:
        if scalar & 1:
            out = add(out, step)
        scalar, step = scalar >> 1, add(step, step)
    return b"\4" + out[0].to_bytes(32, "big") + out[1].to_bytes(32, "big")


def sec1(dice, named):
    """RFC 5915; inside PKCS #8 the curve stands outside."""
    scalar = int.from_bytes(dice.bytes(31), "big")
    curve = tlv(0xA0, oid("p256")) if named else b""
    return tlv(0x30, integer(1), tlv(4, scalar.to_bytes(32, "big")), curve, tlv(0xA1, tlv(3, b"\0", p256(scalar))))


def ed25519(seed):
    """The public half, RFC 8032."""
    q = 2**255 - 19
    d = -121665 * pow(121666, -1, q)
    y = 4 * pow(5, -1, q) % q
    xx = (y * y - 1) * pow(d * y * y + 1, -1, q)
    x = pow(xx, (q + 3) // 8, q)
    if (x * x - xx) % q:
        x = x * pow(2, (q - 1) // 4, q) % q
    x = q - x if x % 2 else x
    digest = bytearray(hashlib.sha512(seed).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    scalar, out, step = int.from_bytes(digest, "little"), (0, 1), (x, y)

    def add(a, b):
        cross = d * a[0] * b[0] * a[1] * b[1]
        left = (a[0] * b[1] + b[0] * a[1]) * pow(1 + cross, -1, q)
        return left % q, (a[1] * b[1] + a[0] * b[0]) * pow(1 - cross, -1, q) % q

    while scalar:
        if scalar & 1:
            out = add(out, step)
        scalar, step = scalar >> 1, add(step, step)
    return (out[1] | (out[0] & 1) << 255).to_bytes(32, "little")


def field(data):
    """A string of SSH, RFC 4251."""
    return len(data).to_bytes(4, "big") + data


def mpint(number):
    """A number of SSH."""
    return field(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def openssh(dice, name, public, private):
    """OpenSSH's PROTOCOL.key, not encrypted."""
    check = dice.bytes(4)
    secret = check + check + field(name) + private + field(b"ci@build")
    secret += bytes(range(1, 9))[: -len(secret) % 8]
    head = b"openssh-key-v1\0" + field(b"none") * 2 + field(b"") + (1).to_bytes(4, "big")
    return pem("OPENSSH PRIVATE KEY", head + field(field(name) + public) + field(secret))


def openssh_ed25519(dice):
    """What `ssh-keygen` makes today."""
    seed = dice.bytes(32)
    public = ed25519(seed)
    return openssh(dice, b"ssh-ed25519", field(public), field(public) + field(seed + public))


def openssh_rsa(dice):
    """What it made before."""
    _, n, e, d, p, q, _, _, inverse = rsa(dice, 1024)
    return openssh(dice, b"ssh-rsa", mpint(e) + mpint(n), b"".join(map(mpint, (n, e, d, inverse, p, q))))


def dsa(dice):
    """OpenSSL's DSA key; p - 1 is a multiple of q, as it must be."""
    q = prime(dice, 160)
    while True:
        p = (int.from_bytes(dice.bytes(96), "big") | 1 << 767) // (2 * q) * 2 * q + 1
        if pow(2, p - 1, p) == 1:
            break
    g, x = pow(2, (p - 1) // q, p), int.from_bytes(dice.bytes(19), "big")
    return pem("DSA PRIVATE KEY", tlv(0x30, *map(integer, (0, p, q, g, pow(g, x, p), x))))


def encrypted(dice):
    """PKCS #8 under a password, RFC 8018: still a private key that should not be there."""
    derive = tlv(0x30, oid("pbkdf2"), tlv(0x30, tlv(4, dice.bytes(8)), integer(2048)))
    cipher = tlv(0x30, oid("aes256"), tlv(4, dice.bytes(16)))
    scheme = tlv(0x30, oid("pbes2"), tlv(0x30, derive, cipher))
    return pem("ENCRYPTED PRIVATE KEY", tlv(0x30, scheme, tlv(4, dice.bytes(352))))


def pgp(dice):
    """An OpenPGP secret key packet (version 4, EdDSA), RFC 4880, with the checksum of the armour."""
    seed = dice.bytes(32)
    point = b"\x01\x07\x40" + ed25519(seed)
    curve = bytes.fromhex("092b06010401da470f01")
    secret = (int.from_bytes(seed, "big").bit_length()).to_bytes(2, "big") + seed.lstrip(b"\0")
    body = b"\4" + (1700000000).to_bytes(4, "big") + b"\x16" + curve + point + b"\0" + secret
    body += (sum(secret) % 65536).to_bytes(2, "big")
    packet = bytes([0xC5, len(body)]) + body + b"\xcd\x0cci <ci@build>"
    crc = 0xB704CE
    for byte in packet:
        crc ^= byte << 16
        for _ in range(8):
            crc = crc << 1 ^ (0x1864CFB if crc & 0x800000 else 0)
    lines = "\n".join(textwrap.wrap(base64.b64encode(packet).decode(), 64))
    tail = base64.b64encode((crc & 0xFFFFFF).to_bytes(3, "big")).decode()
    label = "PGP PRIVATE KEY BLOCK"
    return f"-----BEGIN {label}-----\n\n{lines}\n={tail}\n-----END {label}-----"


def putty(dice):
    """PuTTY's own format, version 2."""
    seed = dice.bytes(32)
    public = field(b"ssh-ed25519") + field(ed25519(seed))
    private = field(seed)
    parts = (b"ssh-ed25519", b"none", b"ci", public, private)
    key = hashlib.sha1(b"putty-private-key-file-mac-key").digest()
    mac = hmac.new(key, b"".join(map(field, parts)), hashlib.sha1).hexdigest()

    def lines(data):
        wrapped = textwrap.wrap(base64.b64encode(data).decode(), 64)
        return f"{len(wrapped)}\n" + "\n".join(wrapped)

    return (
        "PuTTY-User-Key-File-2: ssh-ed25519\nEncryption: none\nComment: ci\n"
        f"Public-Lines: {lines(public)}\nPrivate-Lines: {lines(private)}\nPrivate-MAC: {mac}"
    )


BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def age(dice):
    """age's secret key: Bech32, BIP 173."""
    bits = "".join(f"{byte:08b}" for byte in dice.bytes(32)) + "0000"
    values = [int(bits[at : at + 5], 2) for at in range(0, 260, 5)]
    human = "age-secret-key-"
    expanded = [ord(c) >> 5 for c in human] + [0] + [ord(c) & 31 for c in human]
    sum_ = 1
    for value in expanded + values + [0] * 6:
        top, sum_ = sum_ >> 25, (sum_ & 0x1FFFFFF) << 5 ^ value
        for bit, part in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            sum_ ^= part if top >> bit & 1 else 0
    values += [(sum_ ^ 1) >> 5 * (5 - place) & 31 for place in range(6)]
    return (human + "1" + "".join(BECH32[value] for value in values)).upper()


KEYS = {
    "key-rsa": lambda dice: pem("RSA PRIVATE KEY", pkcs1(rsa(dice, 1024))),
    "key-rsa-pkcs8": lambda dice: pem("PRIVATE KEY", pkcs8(oid("rsa") + b"\5\0", pkcs1(rsa(dice, 1024)))),
    "key-ec": lambda dice: pem("EC PRIVATE KEY", sec1(dice, True)),
    "key-ec-pkcs8": lambda dice: pem("PRIVATE KEY", pkcs8(oid("ec") + oid("p256"), sec1(dice, False))),
    "key-ed25519": lambda dice: pem("PRIVATE KEY", pkcs8(oid("ed25519"), tlv(4, dice.bytes(32)))),
    "key-dsa": dsa,
    "key-openssh-ed25519": openssh_ed25519,
    "key-openssh-rsa": openssh_rsa,
    "key-encrypted": encrypted,
    "key-pgp": pgp,
    "key-putty": putty,
    "key-age": age,
}
