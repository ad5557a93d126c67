"""Values from templates: `ghp_<a30><crc62>` is a prefix, 30 letters or digits, and a checksum of them.

The templates hold no token, so that no scanner trips on the repository; the values exist only where the corpus is
written, open nothing, and are the same for the same seed on every machine (SHA-256 in counter mode, since the order in
which `random` draws is not promised between releases).
"""

import base64
import hashlib
import re
import string
import uuid
import zlib

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
BASE36 = string.digits + string.ascii_lowercase
ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "l": string.ascii_lowercase + string.digits,
    "u": string.ascii_uppercase + string.digits,
    "z": string.ascii_lowercase,
    "Z": string.ascii_uppercase,
    "A": string.ascii_letters,
    "d": string.digits,
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "b": string.ascii_letters + string.digits + "+/",
    "w": string.ascii_letters + string.digits + "-_",
    "2x": string.ascii_uppercase + "234567",
    "5x": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
}
FIELD = re.compile(r"<([A-Za-z]+|[25]x)(\d*)>")


class Dice:
    """A stream of bytes that a seed and a name decide."""

    def __init__(self, *names):
        self._key = "/".join(str(name) for name in names).encode()
        self._count = 0

    def bytes(self, length):
        """So many bytes."""
        out = b""
        while len(out) < length:
            out += hashlib.sha256(self._key + b"#%d" % self._count).digest()
            self._count += 1
        return out[:length]

    def below(self, limit):
        """An integer from 0 up to, but without, the limit."""
        return int.from_bytes(self.bytes((limit.bit_length() + 7) // 8 + 8), "big") % limit

    def choice(self, items):
        """One of them."""
        return items[self.below(len(items))]

    def shuffled(self, items):
        """All of them in another order."""
        return [item for _, _, item in sorted((self.bytes(8), place, item) for place, item in enumerate(items))]

    def text(self, alphabet, length):
        """Characters of an alphabet that do not begin or end with a dash and, if long enough, hold a digit."""
        while True:
            text = "".join(self.choice(alphabet) for _ in range(length))
            plain = "-" not in (text[:1], text[-1:]) or length < 2
            if plain and (length < 12 or not any(c in alphabet for c in "0123456789") or re.search(r"\d", text)):
                return text


def base(number, digits, width):
    """A number in the positional system of these digits."""
    out = ""
    while number:
        number, rest = divmod(number, len(digits))
        out = digits[rest] + out
    return out.rjust(width, digits[0])


def _aws(dice):
    # The account's number stands in the first six bytes, shifted by seven bits.
    account = 10**11 + dice.below(8 * 10**11)
    head = (1 << 47 | account << 7 | dice.below(128)).to_bytes(6, "big")
    return base64.b32encode(head + dice.bytes(4)).decode()


def _pypi(dice, host):
    # A macaroon: version 2, then location, identifier and end, each with its length; then the signature.
    identifier = str(uuid.UUID(bytes=dice.bytes(16))).encode()
    body = bytes([2, 1, len(host)]) + host + bytes([2, len(identifier)]) + identifier
    caveat = b"\x02,[2,\"" + str(uuid.UUID(bytes=dice.bytes(16))).encode() + b"\"]"
    body += b"\0" + bytes([2, len(caveat)]) + caveat + b"\0\0\x06 " + dice.bytes(32)
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def _discord(dice):
    user = base64.b64encode(str(10**17 + dice.below(9 * 10**17)).encode()).decode().rstrip("=")
    return f"{user}.G{dice.text(ALPHABETS['a'], 5)}.{dice.text(ALPHABETS['w'], 38)}"


def _json(dice, text):
    filled = fill(text, dice)
    return base64.b64encode(filled.encode()).decode()


MAKERS = {
    "uuid": lambda dice: str(uuid.UUID(bytes=dice.bytes(16), version=4)),
    "UUID": lambda dice: str(uuid.UUID(bytes=dice.bytes(16), version=4)).upper(),
    "aws": _aws,
    "pypi": lambda dice: _pypi(dice, b"pypi.org"),
    "testpypi": lambda dice: _pypi(dice, b"test.pypi.org"),
    "discord": _discord,
    "ops": lambda dice: _json(dice, '{"signInAddress":"my.1password.com","userAuth":{"method":"SRPg-4096","alg":'
                              '"PBES2g-HS256","iterations":650000,"salt":"<w22>"},"email":"<l13>@1passwordservice'
                              'accounts.com","srpX":"<h64>","muk":{"alg":"A256GCM","ext":true,"k":"<w43>"}}'),
    "sntrys": lambda dice: _json(dice, '{"iat":17<d8>.<d6>,"url":"https://sentry.io","region_url":"https://us.sentry.io"'
                                 ',"org":"<z8>"}').rstrip("="),
    "glc": lambda dice: _json(dice, '{"o":"<d6>","n":"<z9>","k":"<a24>","m":{"r":"us"}}'),
    "grafana": lambda dice: _json(dice, '{"k":"<a32>","n":"<z9>","id":1}'),
    "mapbox": lambda dice: _json(dice, '{"u":"<z9>","a":"<l25>"}').rstrip("="),
    "absk": lambda dice: _json(dice, "BedrockAPIKey-<l4>-at-<d12>:<b44>"),
    "bedrock": lambda dice: _json(dice, "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Credential=<u20>&"
                                  "X-Amz-Signature=<h64>&Version=1"),
}


def fill(template, dice):
    """Makes one value. `<B32>` is 32 bytes in base64. `<crc62>` sums the 30 characters before it, `<crc36>` all of them, `<crc16>` too."""
    out, place = "", 0
    for field in FIELD.finditer(template):
        out += template[place : field.start()]
        place = field.end()
        name, count = field.group(1), field.group(2)
        if name + count in ("crc62", "crc36", "crc16"):
            summed = out[-30:] if count == "62" else out
            crc = zlib.crc32(summed.encode())
            out += {"62": base(crc, BASE62, 6), "36": base(crc, BASE36, 7), "16": f"{crc:08X}"}[count]
        elif name == "B":
            out += base64.b64encode(dice.bytes(int(count))).decode()
        elif name in MAKERS:
            out += MAKERS[name](dice)
        elif name in ALPHABETS:
            out += dice.text(ALPHABETS[name], int(count))
        else:
            out += field.group()  # `<password>` as a placeholder writes it
    return out + template[place:]
