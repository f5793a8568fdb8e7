# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever is not SSTP dissects, byte for byte, as if the plugin were not there."""

import itertools
import random
import struct

import harness
from harness import DissectTest, stories
from stories import sstp
from tshark import Wireshark

CLIENT, SERVER = True, False


# ---------------------------------------------------------------------------
# Conversations of others: lists of (from_client, bytes)


def tls_record(kind, body):
    return struct.pack(">BHH", kind, 0x0303, len(body)) + body


def tls_handshake(kind, body):
    return tls_record(22, bytes([kind]) + len(body).to_bytes(3, "big") + body)


def tls(seed=1):
    """A TLS 1.2 handshake as it looks on the wire, and application data."""
    chance = random.Random(seed)
    name = b"relay.example.com"
    sni = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
    extensions = struct.pack(">HH", 0, len(sni)) + sni + struct.pack(">HHHH", 23, 0, 35, 0)
    hello = (b"\x03\x03" + chance.randbytes(32) + b"\0" + struct.pack(">HHH", 4, 0xC02F, 0x009C) +
             b"\1\0" + struct.pack(">H", len(extensions)) + extensions)
    server = b"\x03\x03" + chance.randbytes(32) + b"\x20" + chance.randbytes(32) + b"\xc0\x2f\0"
    story = [(CLIENT, tls_handshake(1, hello)),
             (SERVER, tls_handshake(2, server) + tls_handshake(14, b"")),
             (CLIENT, tls_handshake(16, b"\x41\x04" + chance.randbytes(64)) +
              tls_record(20, b"\1") + tls_record(22, chance.randbytes(40))),
             (SERVER, tls_record(20, b"\1") + tls_record(22, chance.randbytes(40)))]
    for _ in range(6):
        story.append((chance.random() < 0.5, tls_record(23, chance.randbytes(
            chance.randrange(20, 3000)))))
    return story


def http():
    body = b"<html>" + b"groove " * 300 + b"</html>"
    return [
        (CLIENT, b"GET /sstp HTTP/1.1\r\nHost: relay.example.com\r\nAccept: */*\r\n\r\n"),
        (SERVER, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" %
         len(body) + body),
        (CLIENT, b"POST /up HTTP/1.1\r\nHost: relay.example.com\r\nContent-Length: 9\r\n"
                 b"Content-Type: application/octet-stream\r\n\r\n\x10\x07\x00\x01\x00\x00\x00ab"),
        (SERVER, b"HTTP/1.1 204 No Content\r\n\r\n"),
    ]


def ssh(seed=2):
    chance = random.Random(seed)
    story = [(CLIENT, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
             (SERVER, b"SSH-2.0-OpenSSH_9.2p1\r\n")]
    for number in range(6):
        body = bytes([6, 20 + number]) + chance.randbytes(250)
        story.append((number % 2 == 0, struct.pack(">I", len(body)) + body))
    return story


def mqtt():
    def packet(first, body):
        return bytes([first, len(body)]) + body
    connect = packet(0x10, b"\0\4MQTT\4\2\0\x3c\0\6groove")
    publish = [packet(0x32, b"\0\5a/b/c" + struct.pack(">H", n) + b"payload %d" % n)
               for n in range(1, 9)]
    return ([(CLIENT, connect), (SERVER, packet(0x20, b"\0\0"))] +
            [(CLIENT, b"".join(publish))] +
            [(SERVER, b"".join(packet(0x40, struct.pack(">H", n)) for n in range(1, 9))),
             (CLIENT, b"\xc0\0"), (SERVER, b"\xd0\0")])


def text():
    lines = ["%03d This is a line of ordinary text.\r\n" % n for n in range(60)]
    return [(n % 3 != 0, line.encode()) for n, line in enumerate(lines)]


def mail():
    return [(SERVER, b"220 mail.example.com ESMTP\r\n"), (CLIENT, b"EHLO client.example\r\n"),
            (SERVER, b"250-mail.example.com\r\n250 SIZE 1000000\r\n"),
            (CLIENT, b"MAIL FROM:<a@example.com>\r\n"), (SERVER, b"250 ok\r\n"),
            (CLIENT, b"QUIT\r\n"), (SERVER, b"221 bye\r\n")]


def noise(seed):
    chance = random.Random(seed)
    return [(chance.random() < 0.5, chance.randbytes(chance.randrange(1, 1400)))
            for _ in range(40)]


def dns():
    query = struct.pack(">HHHHHH", 0x0107, 0x0100, 1, 0, 0, 0) + b"\5relay\7example\0\0\1\0\1"
    answer = (struct.pack(">HHHHHH", 0x0107, 0x8180, 1, 1, 0, 0) + b"\5relay\7example\0\0\1\0\1" +
              b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1")
    return [(CLIENT, struct.pack(">H", len(query)) + query),
            (SERVER, struct.pack(">H", len(answer)) + answer)]


def modbus():
    story = []
    for number in range(1, 40):
        story.append((CLIENT, struct.pack(">HHHBBHH", number, 0, 6, 1, 3, 100, 2)))
        story.append((SERVER, struct.pack(">HHHBBBHH", number, 0, 7, 1, 3, 4, 0, number)))
    return story


def zeros():
    return [(CLIENT, bytes(size)) for size in (1, 3, 7, 100, 1400)] + [
        (SERVER, b"\xff" * 300), (SERVER, b"\x01" * 300), (CLIENT, b"\x10" * 700)]


def small_numbers():
    """Little-endian records, which look most like commands: type, length, value."""
    chance = random.Random(5)
    return [(CLIENT, b"".join(struct.pack("<BHI", chance.randrange(1, 19), chance.randrange(8, 20),
                                          chance.randrange(50)) for _ in range(5)))
            for _ in range(40)]


STORIES = {"TLS": tls(), "HTTP": http(), "SSH": ssh(), "MQTT": mqtt(), "text": text(),
           "SMTP": mail(), "random 1": noise(11), "random 2": noise(12), "DNS": dns(),
           "Modbus": modbus(), "zeros": zeros(), "small numbers": small_numbers()}
# Our port as the server's and as the client's (ephemeral) one, other dissectors'
# ports, and ports that nobody owns.
PORTS = [(49152, 2492), (2492, 443), (2492, 80), (2492, 8443), (49153, 443), (49154, 80),
         (49155, 22), (49156, 1883), (49157, 53), (49158, 502), (49159, 25), (49160, 3128),
         (49161, 50000), (49162, 8080), (49163, 1080)]


def first_difference(mine, theirs):
    """Where two PDML texts part, for people."""
    stream = "?"
    for number, (ours, others) in enumerate(zip(mine.splitlines(), theirs.splitlines())):
        if 'name="frame.number"' in ours:
            stream = ours.strip()
        if ours != others:
            return "line %d, after %s:\n%s\n%s" % (number, stream, ours, others)
    return "one is longer"


class NeverClaims(DissectTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bare = Wireshark(plugin=False)

    @classmethod
    def tearDownClass(cls):
        cls.bare.close()
        super().tearDownClass()

    def assert_unharmed(self, capture, label, **keywords):
        """The same PDML with the plugin and without it."""
        file = self.write(capture)
        other = capture.write(self.bare.path("test.pcapng"))
        for two_pass in (False, True):
            mine = self.ws.pdml(file, two_pass=two_pass, **keywords)
            theirs = self.bare.pdml(other, two_pass=two_pass, **keywords)
            self.assertNotIn('"grvsstp"', mine, label)
            if mine != theirs:
                self.fail("%s, -2 %r: %s" % (label, two_pass, first_difference(mine, theirs)))

    def play(self, capture, story, **keywords):
        connection = capture.connection(**keywords)
        for from_client, octets in story:
            connection.send(octets, from_client)
        return connection

    def test_every_protocol_on_every_port(self):
        for handshake in (True, False):
            capture = harness.new_capture()
            for number, story in enumerate(STORIES.values(), 1):
                for client_port, server_port in PORTS:
                    self.play(capture, story, client=("192.0.2.%d" % number, client_port),
                              server=("198.51.100.1", server_port), handshake=handshake)
            self.assert_unharmed(capture, "SYN %r" % handshake)

    def test_cut_small(self):
        """The same in small segments, where little is to be seen of each."""
        capture = harness.new_capture()
        for number, story in enumerate(STORIES.values(), 1):
            for size in (1, 3, 8, 23):
                for port in (2492, 50000):
                    connection = capture.connection(
                        client=("192.0.2.%d" % number, 50100 + size),
                        server=("198.51.100.1", port))
                    for from_client, octets in story[:6]:
                        connection.send(octets[:250], from_client, size=size)
        self.assert_unharmed(capture, "small segments")

    def test_begun_like_a_request(self):
        """The first lines of what may become a request of Polling, alone in a segment, on ports
        of others: whoever owns them gets the bytes as they come."""
        begun = (b"POST / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: relay\r\n",
                 b"POST / HTTP/1.0\r\nContent-Length: 300\r\n\r\n",
                 b"POST http://relay/ HTTP/1.0\r\nContent-Length: 300\r\n\r\n1.",
                 b"GET /2.0/relay/", b"POST /2.0/relay.exam", b"\x01", b"\x01\x40\x00\x01\x05")
        for handshake in (True, False):
            capture = harness.new_capture()
            for number, first in enumerate(begun):
                for port in (1080, 25, 21, 22, 53, 110, 139, 443, 80, 502, 1883, 3306, 5432, 5672,
                             6379, 8080, 2492, 50000):
                    story = [(CLIENT, first), (SERVER, b"\x05\x00"), (CLIENT, b"Host: x\r\n"),
                             (CLIENT, b"\r\n" + bytes(40)), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"),
                             (CLIENT, b"\x05\x01\x00" * 5), (SERVER, b"250 ok\r\n")]
                    for by_itself in (True, False):
                        client = ("192.0.%d.%d" % (2 + by_itself, 1 + number), 40000 + port % 9000)
                        self.play(capture, story if by_itself else [story[0]] + story[2:],
                                  client=client, server=("198.51.100.1", port),
                                  handshake=handshake)
            self.assert_unharmed(capture, "SYN %r" % handshake)

    def test_begun_like_a_connect(self):
        """A first byte of 0x01 is judged together with the next segments, which everybody gets as
        they come, also when they come out of order, or again."""
        capture = harness.new_capture()
        for number, pieces in enumerate(((b"\x01",), (b"\x01", b"\x01\x0c"), (b"\x01\x0c", b"\x00"),
                                         (b"\x01" * 10,) * 5, (b"\x01\x40\x00\x01",) * 10)):
            for port, order in itertools.product((2492, 443, 80, 50000), range(3)):
                connection = capture.connection(client=("192.0.2.%d" % order, 51000 + number),
                                                server=("198.51.100.1", port))
                frames = [frame for piece in pieces for frame in connection.send(piece)]
                if order == 1 and len(frames) > 2:
                    capture.swap(*frames[1:3])
                if order == 2:
                    capture.repeat(frames[0])
                connection.fin()
        self.assert_unharmed(capture, "begun like a Connect")

    def test_much_noise(self):
        """Thousands of random segments on our port: none is taken."""
        chance = random.Random(99)
        capture = harness.new_capture()
        for number in range(3000):
            connection = capture.connection(client=("192.0.2.1", 10000 + number),
                                            handshake=number % 2 == 0)
            connection.send(bytes([chance.randrange(1, 19)]) + chance.randbytes(
                chance.randrange(2, 60)), chance.random() < 0.5)
        file = self.write(capture)
        self.assertEqual(self.ws.count(file, "grvsstp"), 0)

    def test_tls_beside_sstp(self):
        """TLS on 443 stays TLS in a capture that has SSTP too."""
        capture = harness.new_capture()
        stories.play(capture.connection(), stories.conversation())
        for number in range(3):
            self.play(capture, tls(number), client=("192.0.2.1", 50001 + number),
                      server=("198.51.100.1", 443))
        mine = [frame for frame in self.ws.dissect(self.write(capture)) if frame.tcp_stream > 0]
        theirs = [frame for frame in self.bare.dissect(
            capture.write(self.bare.path("test.pcapng"))) if frame.tcp_stream > 0]
        self.assertEqual([[layer.fields for layer in frame.layers] for frame in mine],
                         [[layer.fields for layer in frame.layers] for frame in theirs])
        self.assertTrue(any(frame.has_layer("tls") for frame in mine))
        # 443 to 2492, which is an ephemeral port here: TLS all the same.
        capture = harness.new_capture()
        self.play(capture, tls(), client=("192.0.2.1", 2492), server=("198.51.100.1", 443))
        self.assert_unharmed(capture, "TLS from port 2492")
        self.assertGreater(self.ws.count(self.write(capture), "tls"), 9)

    def test_secure_socket_tunneling(self):
        """Wireshark's own sstp, over HTTP on a port that is Decoded As."""
        def packet(control, body):
            return struct.pack(">BBH", 0x10, control, 4 + len(body)) + body
        attribute = struct.pack(">BBHH", 0, 1, 6, 1)
        story = [
            (CLIENT, b"SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\n"
                     b"Host: vpn.example.com\r\nContent-Length: 18446744073709551615\r\n"
                     b"SSTPCORRELATIONID: {00000000-0000-0000-0000-000000000001}\r\n\r\n"),
            (SERVER, b"HTTP/1.1 200\r\nContent-Length: 18446744073709551615\r\n"
                     b"Server: Microsoft-HTTPAPI/2.0\r\n\r\n"),
            (CLIENT, packet(1, struct.pack(">HH", 1, 1) + attribute)),
            (SERVER, packet(1, struct.pack(">HH", 2, 1) + struct.pack(">BBH", 0, 4, 40) +
                            bytes(3) + b"\2" + bytes(range(32)))),
            (CLIENT, packet(0, b"\xff\x03\xc0\x21\x01\x00\x00\x08\x05\x06\x00\x01")),
            (SERVER, packet(1, struct.pack(">HH", 8, 0))),
            (CLIENT, packet(1, struct.pack(">HH", 9, 0))),
        ]
        for port in (4443, 80):
            capture = harness.new_capture()
            self.play(capture, story, server=("198.51.100.1", port))
            rules = ["tcp.port==%d,http" % port]
            self.assert_unharmed(capture, "SSTP_DUPLEX_POST on %d" % port, decode_as=rules)
            self.assertEqual(self.ws.count(self.write(capture), "sstp.messagetype",
                                           decode_as=rules), 4)
            self.assertEqual(self.ws.count(self.write(capture), "grvsstp", decode_as=rules), 0)
        # Both in one capture, and the bare name finds both.
        stories.play(capture.connection(client=("192.0.2.9", 50000)), stories.greeting())
        file = self.write(capture)
        rules = ["tcp.port==80,http"]
        self.assertEqual(self.ws.count(file, "sstp and grvsstp", decode_as=rules), 2)
        self.assertEqual(self.ws.count(file, "sstp and !grvsstp", decode_as=rules), 5)

    def test_once_taken_kept(self):
        """A connection that is ours stays ours, whatever its Data looks like."""
        capture = harness.new_capture()
        connection = capture.connection()
        stories.play(connection, stories.greeting())
        payload = b"".join(octets for _, octets in tls() + http())[:2000]
        connection.send(sstp.data(0x21, payload).data, size=311)
        connection.send(b"".join(octets for _, octets in tls()))
        frames = self.ws.dissect(self.write(capture))
        self.assertTrue(all(frame.has_layer("grvsstp") for frame in frames[3:]))
        self.assertEqual([layer.one("sstp.data") for f in frames for layer in f.commands
                          if layer.one("sstp.command") == "0x0e"], [payload.hex()])


if __name__ == "__main__":
    harness.main()
