# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing of others changes because the plugin is there: real conversations of many protocols,
captured on loopback, moved to the ports that the plugin looks at, shown with it and without.
What tshark prints has to be the same to the byte.

    foreign.py                    all conversations
    foreign.py redis smb          some
    foreign.py --keep FOLDER      keeps the captures

As root: it captures.  Each conversation has an address of its own, so that nothing else on the
machine is captured, and a process group of its own, which is ended after it.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import play  # noqa: E402
from mutate import TCP_AT, Joined, read_packets  # noqa: E402
from tshark import Failure, Wireshark  # noqa: E402

PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's modules
NETWORK = "127.77.0.%d"
PORTS = (2492, 443, 80, 8080, 1080, 3128, 8000, 2493)
OWN_PORT = 2492
PATIENCE = 180       # seconds a conversation may take
PACKETS_MAX = 600    # of a conversation, that are shown
MARK = 9             # the port that ends a capture; nobody listens there
PASSES = ((False, "one pass"), (True, "two passes"))


# ---------------------------------------------------------------------------
# Capturing


def wait_for(is_there, what):
    end = time.monotonic() + 60
    while not is_there():
        if time.monotonic() > end:
            raise Failure("%s does not come" % what)
        time.sleep(0.05)


def size_of(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


class Recording:
    """tcpdump on one address, until a marker that is sent at the end has been captured."""

    def __init__(self, address, path):
        self.address, self.path = address, path
        self.process = subprocess.Popen(
            ["tcpdump", "-i", "lo", "--immediate-mode", "-U", "-n", "-B", "65536", "-Z", "root",
             "-w", path, "tcp and host " + address], stderr=subprocess.DEVNULL)
        wait_for(lambda: size_of(path) >= 24, "tcpdump's file")

    def close(self):
        try:
            # The file grows by the marker; what came before it is in the file by then.
            before = size_of(self.path)
            socket.socket().connect_ex((self.address, MARK))
            wait_for(lambda: size_of(self.path) > before or self.process.poll() is not None,
                     "the marker")
            wait_for(self.is_at_rest, "the end of the capture")
        finally:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()

    def is_at_rest(self):
        """The last packet of the file is of the marker's."""
        packets = read_packets(self.path)
        return bool(packets) and MARK in packets[-1].ports


def is_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def end(group):
    """Ends every process of a group that we made."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not is_alive(group):
            return
        os.killpg(group, number)
        try:
            wait_for(lambda: not is_alive(group), "the end of group %d" % group)
            return
        except Failure:
            continue


def play_conversation(name, address, folder):
    """Plays it; raises where it did not come to its end."""
    with open(os.path.join(folder, "said"), "ab") as said:
        process = subprocess.Popen(
            [PYTHON, os.path.join(HERE, "play.py"), name, address, folder],
            start_new_session=True, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        status = process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        status = "no end"
    finally:
        end(process.pid)
        process.wait()
    if status != 0:
        with open(os.path.join(folder, "said"), "rb") as said:
            words = said.read()[-3000:].decode("utf-8", "replace")
        raise Failure("%s was not played (%s):\n%s" % (name, status, words))


def record(name, number, keep):
    """The packets of a conversation."""
    address = NETWORK % number
    folder = tempfile.mkdtemp(prefix="grvsstp-foreign-")
    os.chmod(folder, 0o755)
    path = os.path.join(folder, "capture.pcap")
    try:
        recording = Recording(address, path)
        try:
            os.mkdir(os.path.join(folder, "stage"))
            play_conversation(name, address, os.path.join(folder, "stage"))
        finally:
            recording.close()
        packets = [packet for packet in read_packets(path) if MARK not in packet.ports]
        if keep:
            shutil.copyfile(path, os.path.join(keep, name + ".pcap"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not any(packet.payload for packet in packets):
        raise Failure("%s: nothing was captured" % name)
    return packets[:PACKETS_MAX], socket.inet_aton(address)


# ---------------------------------------------------------------------------
# Moving


def server_port(packets, address):
    """The port of the server that is called first."""
    return next(packet.ports[1] for packet in packets if packet.target == address)


def moved(packets, port, to):
    """The packets with another port in place of this one."""
    for packet in packets:
        octets = bytearray(packet.octets)
        for side, each in enumerate(packet.ports):
            if each == port:
                struct.pack_into(">H", octets, TCP_AT + 2 * side, to)
        yield type(packet)(bytes(octets), packet.time)


def without_beginning(packets):
    """As who comes late has it: nothing of the first half of each connection's start."""
    return packets[len(packets) // 4:]


def everywhere(packets, address):
    """A capture of the conversation on every port that we look at, from its beginning and
    from later on; and which frames are on our own port."""
    joined = Joined()
    port = server_port(packets, address)
    client = next(packet.ports[0] for packet in packets if packet.target == address)
    joined.add(packets, "%d" % port)
    joined.add(list(moved(packets, client, OWN_PORT)), "from %d" % OWN_PORT)
    for to in PORTS:
        there = list(moved(packets, port, to))
        joined.add(there, "%d" % to)
        joined.add(without_beginning(there), "%d, late" % to)
    return joined


# ---------------------------------------------------------------------------
# Comparing


FRAME_END = "</packet>"


def different_frames(one, other):
    """The numbers of the frames that are not the same in two PDML texts."""
    mine, theirs = one.split(FRAME_END), other.split(FRAME_END)
    if len(mine) != len(theirs):
        raise Failure("%d frames, and %d without the plugin" % (len(mine) - 1, len(theirs) - 1))
    return [number for number, pair in enumerate(zip(mine, theirs), 1) if pair[0] != pair[1]]


def first_difference(one, other, number):
    """The lines of a frame that differ first, for who has to look at it."""
    mine, theirs = (text.split(FRAME_END)[number - 1].splitlines() for text in (one, other))
    for line, plain in zip(mine, theirs):
        if line != plain:
            return "with: %.160s\n      without: %.160s" % (line.strip(), plain.strip())
    return "%d lines, and %d without" % (len(mine), len(theirs))


def claims(text):
    """The frames that have something of us."""
    return [number for number, frame in enumerate(text.split(FRAME_END), 1)
            if re.search(r'<proto name="(grvsstp|grvhenc)"|name="sstp\.expert', frame)]


class Comparison:
    def __init__(self, keep):
        self.keep = keep
        self.with_plugin, self.plain = Wireshark(), Wireshark(plugin=False)
        self.num_played = self.num_frames = self.num_differences = self.num_failed = 0

    def close(self):
        self.with_plugin.close()
        self.plain.close()

    def compare(self, name, number):
        """Plays, moves, shows; prints a line."""
        packets, address = record(name, number, self.keep)
        joined = everywhere(packets, address)
        wrong = []
        for two_pass, label in PASSES:
            texts = []
            for wireshark in (self.with_plugin, self.plain):
                file = joined.capture.write(wireshark.path("foreign.pcapng"))
                texts.append(wireshark.pdml(file, two_pass=two_pass))
            frames = set(different_frames(*texts)) | set(claims(texts[0]))
            for frame in sorted(frames):
                wrong.append((label, joined.name_of(frame), frame,
                              first_difference(*texts, frame)))
        self.num_played += 1
        self.num_frames += len(joined)
        self.num_differences += len(wrong)
        print("%-14s %4d packets, %6d frames shown, %d differences" % (
            name, len(packets), len(joined), len(wrong)), flush=True)
        for label, part, frame, words in wrong[:5]:
            print("    port %s, frame %d, %s:\n      %s" % (part, frame, label, words))
        if wrong and self.keep:
            joined.capture.write(os.path.join(self.keep, name + ".everywhere.pcapng"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--keep", help="folder for the captures")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(play.CONVERSATIONS)
    if unknown:
        parser.error("no conversation is called %s" % ", ".join(sorted(unknown)))
    if os.getuid() != 0:
        parser.error("only root may capture")
    comparison = Comparison(arguments.keep)
    try:
        for number, name in enumerate(sorted(play.CONVERSATIONS), 1):
            if arguments.names and name not in arguments.names:
                continue
            try:
                comparison.compare(name, number)
            except Failure as failure:
                comparison.num_failed += 1
                print("%-14s FAILED: %s" % (name, failure), flush=True)
    finally:
        comparison.close()
    print("%d protocols, %d frames, %d differences; %d not played" % (
        comparison.num_played, comparison.num_frames, comparison.num_differences,
        comparison.num_failed))
    sys.exit(1 if comparison.num_differences or comparison.num_failed else 0)


if __name__ == "__main__":
    main()
