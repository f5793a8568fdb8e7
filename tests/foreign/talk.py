# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations of mail, chat, names and terminals."""

import imaplib
import os
import poplib
import smtplib
import struct
import sys
import threading

from stage import conversation

MAIL = b"From: a@example\r\nTo: b@example\r\nSubject: test\r\n\r\n" + b"Some words.\r\n" * 200


@conversation("python3-aiosmtpd")
def smtp(stage):
    stage.serve(sys.executable, "-m", "aiosmtpd", "-n", "-l", stage.address + ":25", "-c",
                "aiosmtpd.handlers.Sink", port=25)
    with smtplib.SMTP(stage.address, 25, timeout=60) as client:
        client.sendmail("a@example", ["b@example", "c@example"], MAIL)
        client.verify("b")
        client.sendmail("a@example", ["b@example"], MAIL)


DOVECOT = """
protocols = imap pop3
listen = %(address)s
base_dir = %(folder)s/run
state_dir = %(folder)s/state
log_path = %(folder)s/log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:%(folder)s/mail
first_valid_uid = 1
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=%(folder)s
}
"""


def serve_dovecot(stage, port):
    for part in ("cur", "new", "tmp"):
        os.makedirs(stage.path("mail", part))
    for i in range(3):
        stage.write("mail/new/%d.mail" % i, MAIL)
    stage.give_to_nobody()
    config = stage.write("dovecot.conf", DOVECOT % {"address": stage.address,
                                                    "folder": stage.folder})
    stage.serve("dovecot", "-F", "-c", config, port=port)


@conversation("dovecot-imapd", "dovecot-pop3d")
def imap(stage):
    serve_dovecot(stage, 143)
    client = imaplib.IMAP4(stage.address, timeout=60)
    client.login("tester", "secret")
    client.select()
    client.search(None, "ALL")
    client.fetch("1:*", "(FLAGS BODY[])")
    client.append("INBOX", None, None, MAIL)
    client.store("1", "+FLAGS", "\\Deleted")
    client.expunge()
    client.logout()


@conversation("dovecot-imapd", "dovecot-pop3d")
def pop3(stage):
    serve_dovecot(stage, 110)
    client = poplib.POP3(stage.address, timeout=60)
    client.user("tester")
    client.pass_("secret")
    client.list()
    client.uidl()
    client.retr(1)
    client.dele(2)
    client.quit()


@conversation("ngircd")
def irc(stage):
    config = stage.write("ngircd.conf", "[Global]\nName = irc.example\nInfo = test\nMotdPhrase = Hello\nPorts = 6667\n"
                         "Listen = %s\nServerUID = nobody\nServerGID = nogroup\n"
                         "[Options]\nPAM = no\nIdent = no\nDNS = no\nIncludeDir = %s\n"
                         % (stage.address, stage.path()))
    stage.serve("ngircd", "-n", "-f", config, port=6667)
    clients = []
    for name in ("one", "two"):
        client = stage.connect(6667)
        client.ask("NICK %s\r\nUSER %s 0 * :A name\r\n" % (name, name), " 376 ")
        client.ask("JOIN #room\r\n", " 366 ")
        clients.append(client)
    clients[0].send("PRIVMSG #room :hello, how are you?\r\n")
    clients[1].until("hello")
    clients[1].send("PRIVMSG one :fine\r\nQUIT :bye\r\n")
    clients[0].until("fine")
    clients[0].send("LIST\r\n").until(" 323 ")
    for client in clients:
        client.close()


@conversation("prosody")
def xmpp(stage):
    stage.give_to_nobody()
    config = stage.write("prosody.cfg.lua", """
daemonize = false
run_as_root = true
data_path = "%s"
log = { error = "%s" }
interfaces = { "%s" }
c2s_ports = { 5222 }
s2s_ports = {}
modules_enabled = { "roster", "saslauth", "disco", "ping" }
modules_disabled = { "s2s" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
pidfile = "%s"
VirtualHost "example"
    authentication = "anonymous"
""" % (stage.folder, stage.path("log"), stage.address, stage.path("pid")))
    stage.serve(*stage.as_nobody("prosody", "--config", config, "-F"), port=5222)
    header = ("<?xml version='1.0'?><stream:stream to='example' version='1.0' "
              "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
    client = stage.connect(5222)
    client.ask(header, "</stream:features>")
    client.ask("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>",
               "<success")
    client.ask(header, "</stream:features>")
    client.ask("<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
               "</iq>")
    client.ask("<iq type='get' id='2' to='example'>"
               "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>", "</iq>")
    client.ask("<message to='nobody@example'><body>hello</body></message>", "</message>")
    client.ask("</stream:stream>", "</stream:stream>")
    client.close()


@conversation("mosquitto", "mosquitto-clients")
def mqtt(stage):
    stage.serve("mosquitto", "-c", stage.write(
        "mosquitto.conf", "listener 1883 %s\nallow_anonymous true\n" % stage.address),
        port=1883)
    for version in ("mqttv311", "mqttv5"):
        where = ("-h", stage.address, "-V", version, "-t", "topic/" + version)
        stage.run("mosquitto_pub", *where, "-r", "-m", "retained", "-q", 1)
        subscriber = stage.start("mosquitto_sub", *where, "-C", 4, "-q", 2)
        for quality in (0, 1, 2):
            stage.run("mosquitto_pub", *where, "-m", "x" * 300, "-q", quality, "-r")
        while subscriber.poll() is None:
            stage.run("mosquitto_pub", *where, "-m", "y", "-q", 1)


@conversation("python3-qpid-proton")
def amqp(stage):
    from proton import Message
    from proton.handlers import MessagingHandler
    from proton.reactor import Container

    class Server(MessagingHandler):
        def on_start(self, event):
            self.acceptor = event.container.listen("%s:5672" % stage.address)
            self.left = 5

        def on_message(self, event):
            self.left -= 1
            if self.left == 0:
                event.connection.close()
                self.acceptor.close()

    class Sender(MessagingHandler):
        sent = 0

        def on_start(self, event):
            event.container.create_sender("%s:5672/queue" % stage.address)

        def on_sendable(self, event):
            while event.sender.credit and self.sent < 5:
                self.sent += 1
                event.sender.send(Message(body="x" * 100 * self.sent, id=self.sent))

    server = threading.Thread(target=Container(Server()).run)
    server.start()
    Container(Sender()).run()
    server.join()


@conversation("dnsmasq-base", "bind9-dnsutils")
def dns(stage):
    stage.serve("dnsmasq", "-k", "--conf-file=/dev/null", "--port=53", "--listen-address=" +
                stage.address, "--bind-interfaces", "--no-resolv", "--no-hosts", "--user=nobody",
                "--pid-file=" + stage.path("pid"), "--address=/example.net/192.0.2.1",
                "--txt-record=text.example.net," + "x" * 200, "--interface=lo",
                "--except-interface=nothing", port=53)
    stage.run("dig", "+tcp", "+keepopen", "@" + stage.address, "a.example.net", "A",
              "text.example.net", "TXT", "a.example.net", "AAAA", "nothing.example.org", "A")
    for _ in range(3):
        stage.run("dig", "+tcp", "@" + stage.address, "b.example.net")


@conversation("dropbear-bin")
def ssh(stage):
    key = stage.path("key")
    stage.run("dropbearkey", "-t", "ed25519", "-f", key)
    stage.serve("dropbear", "-F", "-E", "-p", stage.address + ":22", "-r", key, "-P",
                stage.path("pid"), port=22)
    for options in ((), ("-c", "aes256-ctr")):
        stage.run("dbclient", "-y", "-y", "-o", "BatchMode=yes", *options,
                  "nobody@" + stage.address, "true", check=False)


@conversation("tigervnc-standalone-server")
def vnc(stage):
    stage.serve("Xtigervnc", ":77", "-interface", stage.address, "-rfbport", 5900,
                "-SecurityTypes", "None", "-geometry", "64x48", "-depth", 24, "-nolisten", "tcp",
                "-ac", port=5900)
    client = stage.connect(5900)
    client.until("RFB 003.008\n")
    kinds = client.send("RFB 003.008\n").exactly(1)[0]
    client.exactly(kinds)
    client.send(b"\1").exactly(4)
    client.send(b"\1")
    client.exactly(struct.unpack(">20xI", client.exactly(24))[0])
    client.send(struct.pack(">BxH2i", 2, 2, 1, 0))
    for kind in (0, 1):
        client.send(struct.pack(">BBHHHH", 3, kind, 0, 0, 64, 48))
        if kind == 0:
            client.exactly(64 * 48 * 4)
        client.send(struct.pack(">BBHH", 5, 0, 10, 10) + struct.pack(">BB2xI", 4, 1, 97))
    client.close()


@conversation("tigervnc-standalone-server", "x11-utils")
def x11(stage):
    stage.serve("Xtigervnc", ":78", "-interface", stage.address, "-rfbport", 5978,
                "-SecurityTypes", "None", "-geometry", "64x48", "-listen", "tcp", "-ac",
                port=6078)
    environment = dict(os.environ, DISPLAY=stage.address + ":78")
    for program in (("xdpyinfo",), ("xprop", "-root"), ("xlsatoms",), ("xwininfo", "-root")):
        stage.run(*program, env=environment)
