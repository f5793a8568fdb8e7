#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`relaysim client --via` through squid: a tunnel, and the encapsulations that it forwards; for
everybody, and for whom its own helpers know, by Basic and by NTLM, or Samba's, by NTLM's version 2.

Usage: squid.py RELAYSIM
"""
import base64
import json
import os
import re
import struct
import unittest

from live import BOB, Relay, run
from proxy_test import ProxyTest

# As `openssl passwd -apr1` writes "open-sesame".
PASSWORD_LINE = "alice:$apr1$abcdefgh$P7ojtXM3SXvs.8zpdoqUv1"
AUTH = {
    None: ["http_access allow all"],
    "basic": ["auth_param basic program {usr}/lib/squid/basic_ncsa_auth {folder}/passwords"],
    "ntlm": ["auth_param ntlm program {usr}/lib/squid/ntlm_fake_auth"],
    "ntlm2": ["auth_param ntlm program {usr}/bin/ntlm_auth --helper-protocol=squid-2.5-ntlmssp "
              "--username=alice --domain=DOMAIN --password=open-sesame "
              "--configfile={folder}/smb.conf"]}
# Of Samba's helper, which needs no domain to know this one password.
SAMBA_CONFIG = """[global]
workgroup = DOMAIN
private dir = {folder}/smb
lock directory = {folder}/smb
state directory = {folder}/smb
cache directory = {folder}/smb
"""
KNOWN = ["acl known proxy_auth REQUIRED", "http_access allow known", "http_access deny all"]


class SquidTest(ProxyTest):
    def squid(self, auth=None):
        self.write("passwords", PASSWORD_LINE)
        if auth == "ntlm2":
            self.unpacked("bin", "ntlm_auth")
            os.makedirs(self.path("smb"), exist_ok=True)
            os.chmod(self.path("smb"), 0o777)
            self.write("smb.conf", SAMBA_CONFIG.format(folder=self.folder))
        return self.start_squid(*AUTH[auth], *(KNOWN if auth is not None else []))

    def check_both_ways(self, via, proxy, relay, *login):
        """Messages of several bodies go in and come out as they were."""
        for arguments in (["--size", "300000", "--messages", "5"], ["--message", "small"]):
            self.check(self.send(via, proxy, relay, *arguments, *login), 0)
        received = self.client(via, proxy, relay, "dpp:///bob", "--identity", BOB, "--receive",
                               "--expect", "6", *login)
        self.check(received, 0)
        self.assertEqual([json.loads(line)["size"] for line in received.stdout.splitlines()],
                         [300000] * 5 + [5])


class Tunnel(SquidTest):
    def test_everybody(self):
        with Relay() as relay:
            self.check_both_ways("connect", self.squid(), relay.address)

    def test_basic(self):
        proxy = self.squid("basic")
        with Relay() as relay:
            self.check_both_ways("connect", proxy, relay.address, "--proxy-auth",
                                 "basic:alice:open-sesame")
            self.check(self.send("connect", proxy, relay.address, "--message", "x", "--proxy-auth",
                                 "basic:alice:other"), 1, "it does not know this user")
            self.check(self.send("connect", proxy, relay.address, "--message", "x", "--proxy-auth",
                                 "ntlm:alice:open-sesame"), 1, "it does not take NTLM")

    def test_ntlm(self):
        """squid's helper believes everybody, but the three steps have to be made."""
        proxy = self.squid("ntlm")
        with Relay() as relay:
            self.check_both_ways("connect", proxy, relay.address, "--proxy-auth",
                                 "ntlm:DOMAIN\\alice:open-sesame")
            self.check(self.send("connect", proxy, relay.address, "--message", "x"), 1,
                       "the proxy answered 407: it wants to know who asks, and is not told")


    def test_ntlm2(self):
        """Samba's helper knows a wrong password; what it is told is of version 2."""
        proxy, capture = self.squid("ntlm2"), self.path("ntlm2.pcapng")
        with Relay() as relay:
            self.check_both_ways("connect", proxy, relay.address, "--proxy-auth",
                                 "ntlm:DOMAIN\\alice:open-sesame")
            self.check(self.send("connect", proxy, relay.address, "--message", "x", "-w", capture,
                                 "--proxy-auth", "ntlm:DOMAIN\\alice:other"), 1,
                       "it does not know this user, or not this password")
        with open(capture, "rb") as file:
            answers = re.findall(rb"NTLM (TlRMTVNTUAAD[A-Za-z0-9+/=]+)", file.read())
        # The length of the answer: one of version 1 has 24 bytes.
        self.assertEqual([length > 24 for answer in answers for length in
                          struct.unpack_from("<H", base64.b64decode(answer), 20)], [True])


class Forwarding(SquidTest):
    VIAS = [via for via in ("longlived", "keepalive", "polling")
            if via in run("client", "--help").stdout]
    WITH_LOGIN = ("longlived", "keepalive", "polling")
    SOON = ("--poll-max", "1", "--poll-min", "0")

    def test_everybody(self):
        proxy = self.squid()
        for via in self.VIAS:
            with self.subTest(via=via), Relay("--listen-http", "127.0.0.1:0", *self.SOON) as relay:
                self.check_both_ways(via, proxy, relay.addresses[1])

    def check_with(self, auth, login):
        proxy = self.squid(auth)
        for via in self.WITH_LOGIN:
            with self.subTest(via=via), Relay("--listen-http", "127.0.0.1:0", *self.SOON) as relay:
                self.check_both_ways(via, proxy, relay.addresses[1], "--proxy-auth", login)

    def test_basic(self):
        self.check_with("basic", "basic:alice:open-sesame")

    def test_ntlm(self):
        self.check_with("ntlm", "ntlm:DOMAIN\\alice:open-sesame")

    def test_ntlm2(self):
        self.check_with("ntlm2", "ntlm:DOMAIN\\alice:open-sesame")

    def test_not_let_in(self):
        proxy = self.squid("basic")
        for via in self.WITH_LOGIN:
            for login, words in (([], "it wants to know who asks, and is not told$"),
                                 (["--proxy-auth", "basic:alice:other"],
                                  "it does not know this user, or not this password$")):
                self.check(self.send(via, proxy, "127.0.0.1:1", "--message", "x", *login), 1,
                           "the proxy answered 407: " + words)


if __name__ == "__main__":
    unittest.main()
