# SPDX-License-Identifier: GPL-2.0-or-later
"""The texts of the HTTP encapsulations: heads, URIs, bodies (MS-GRVHENC 2.2).

Written from the specification and SPECIFICATION.md, and knowing nothing of the C code.
Everything is bytes; nothing here knows of connections (henc_encoder.py does).

    head = get_head(longlived_uri(SERVER, guid(1), "GET"), SERVER)
    body = polling_body(SERVER, guid(1), 37, data)
"""

SERVER = "relay1.example.net"
AGENT = "Mozilla/4.0 (compatible; MSIE 5.5; Win32)"
DATE = "Wed, 26 Dec 2007 19:50:26 GMT"
LONGLIVED_LENGTH = 0x7FFFF000  # 2.2.2.1.1.3
ECHO = b"GroovePing: 1.0,Ping\r\n"
NO_DATA = b"<html></html>\r\n"
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def guid(number, length=39, salt=7):
    """A Virtual-Connection-GUID: `length` letters and digits (2.2.1.1.1)."""
    value = number * 2654435761 + salt
    out = ""
    for _ in range(length):
        value = (value * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        out += ALPHABET[value >> 59]
    return out


def crlf(lines):
    return "".join(line + "\r\n" for line in lines).encode("latin-1") + b"\r\n"


# ---------------------------------------------------------------------------
# URIs


def _path(server, name, kind, version):
    return "/%s/%s/%s,ConnType=%s" % (version, server, name, kind)


def absolute(server, path):
    """The form for a proxy (2.2.2.1.1)."""
    return "http://" + server + path


def longlived_uri(server, name, method, request_id=None, length=LONGLIVED_LENGTH, version="2.0"):
    """2.2.2.1.1 and 2.2.2.2.1"""
    path = _path(server, name, "LongLived", version)
    if method == "GET":
        path += ",ContentLength=%d" % length
        if request_id is not None:
            path += ",ID=" + request_id
    return path


def keepalive_uri(server, name, method, request_id=None, version="2.0"):
    """2.2.3.1.1"""
    path = _path(server, name, "KeepAlive", version)
    if method == "GET" and request_id is not None:
        path += ",ID=" + request_id
    return path


# ---------------------------------------------------------------------------
# Heads


def _tail(persistent, proxy, extra):
    lines = ["Pragma: no-cache", "Cache-Control: no-cache", "Expires: 0"]
    if persistent:
        lines.append("Connection: Keep-Alive")
    if proxy:
        lines.append("Proxy-Connection: Keep-Alive")
    return lines + ["Cache-Control: max-age=0"] + list(extra)


def get_head(uri, server, persistent=False, proxy=False, extra=()):
    """LongLived-GET-Request and, persistent, KeepAlive-GET-Request (2.2.2.1, 2.2.3.1)."""
    return crlf(["GET %s HTTP/1.0" % uri, "Accept: */*", "Content-Type: application/octet-stream",
                 "User-Agent: " + AGENT, "Host: " + server] + _tail(persistent, proxy, extra))


def post_head(uri, server, length, persistent=False, proxy=False, extra=()):
    """LongLived-POST-Request and, persistent, KeepAlive-POST-Request (2.2.2.2, 2.2.3.2)."""
    return crlf(["POST %s HTTP/1.0" % uri, "Accept: */*", "Content-Type: application/octet-stream",
                 "User-Agent: " + AGENT, "UserAgent: " + server, "Content-Length: %d" % length] +
                _tail(persistent, proxy, extra))


def polling_head(uri, server, length, extra=()):
    """Polling-POST-Request (2.2.4.1)."""
    return crlf(["POST %s HTTP/1.0" % uri, "Accept: */*", "Content-Type: application/octet-stream",
                 "User-Agent: " + AGENT, "Host: " + server, "Content-Length: %d" % length] +
                _tail(False, False, extra))


def answer_head(length, status="200 OK", version="1.0", extra=(), server="Groove-Relay/12.0"):
    """The head of a response (2.2.1.3)."""
    return crlf(["HTTP/%s %s" % (version, status), "Date: " + DATE, "Server: " + server,
                 "Connection: Keep-Alive", "Content-Length: %d" % length] + list(extra))


# ---------------------------------------------------------------------------
# Polling bodies


def polling_checksum(data):
    """2.2.4.1.3.1.3: octets are signed, the index counts from 0."""
    total = 0
    for index, octet in enumerate(data):
        total += ((octet - 256 if octet > 127 else octet) + 1) * (index + 1)
    return total


def polling_body(server, name, sequence, data, poll=None, checksum=None, version="1.2"):
    """2.2.4.1.3; poll (three numbers) makes it that of a response (2.2.4.2.1)."""
    checksum = polling_checksum(data) if checksum is None else checksum
    fields = [version, "grooveDNS://" + server, name, str(sequence), str(checksum)]
    if poll is not None:
        fields.append("%d,%d,%d" % poll)
    return b"".join(field.encode("latin-1") + b"\0" for field in fields) + data
