# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations that move files."""

import ftplib
import io
import os
import sys
import threading
import time

from stage import PATIENCE, conversation


@conversation("python3-pyftpdlib")
def ftp(stage):
    stage.text()
    stage.serve(sys.executable, "-m", "pyftpdlib", "-i", stage.address, "-p", 21, "-w", "-d",
                stage.folder, port=21)
    client = ftplib.FTP(timeout=60)
    client.connect(stage.address, 21)
    client.login()
    client.retrlines("LIST", lambda line: None)
    client.storbinary("STOR new", io.BytesIO(b"bytes" * 1000))
    client.retrbinary("RETR text.txt", lambda data: None)
    client.set_pasv(False)
    client.retrbinary("RETR new", lambda data: None)
    client.delete("new")
    client.quit()


@conversation("python3-impacket")
def smb(stage):
    from impacket import smbserver
    from impacket.smbconnection import SMBConnection

    stage.text(name="share/text.txt")
    server = smbserver.SimpleSMBServer(listenAddress=stage.address, listenPort=445)
    server.addShare("SHARE", stage.path("share"))
    server.setSMB2Support(True)
    threading.Thread(target=server.start, daemon=True).start()
    for dialect in (None, "NT LM 0.12"):
        client = SMBConnection(stage.address, stage.address, preferredDialect=dialect)
        client.login("", "")
        client.listPath("SHARE", "*")
        data = io.BytesIO()
        client.getFile("SHARE", "text.txt", data.write)
        client.putFile("SHARE", "new", io.BytesIO(b"x" * 5000).read)
        client.deleteFile("SHARE", "new")
        client.close()


@conversation("rsync")
def rsync(stage):
    stage.text()
    stage.fill(30000)
    config = stage.write("rsyncd.conf", "use chroot = no\n[files]\npath = %s\nread only = no\n"
                         "uid = root\ngid = root\n" % stage.folder)
    stage.serve("rsync", "--daemon", "--no-detach", "--config=" + config, "--address=" +
                stage.address, "--port=873", port=873)
    url = "rsync://%s/files/" % stage.address
    stage.run("rsync", url)
    stage.run("rsync", url + "text.txt", url + "content", stage.path("here") + "/")
    stage.run("rsync", "-z", stage.path("content"), url + "again")


def own_environment(stage):
    return dict(os.environ, HOME=stage.folder, GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b",
                GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b", GIT_CONFIG_NOSYSTEM="1")


@conversation("git")
def git(stage):
    environment = own_environment(stage)
    repository = stage.path("repository")
    stage.text(name="repository/text.txt")
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "one"),
                    ("tag", "first")):
        stage.run("git", "-C", repository, *command, env=environment)
    stage.serve("git", "daemon", "--listen=" + stage.address, "--port=9418", "--export-all",
                "--enable=receive-pack", "--base-path=" + stage.folder, port=9418,
                env=environment)
    url = "git://%s/repository" % stage.address
    for version in (0, 2):
        stage.run("git", "-c", "protocol.version=%d" % version, "clone", "-q", url,
                  stage.path("clone%d" % version), env=environment)
    stage.write("clone2/more.txt", "more\n")
    for command in (("checkout", "-q", "-b", "other"), ("add", "."),
                    ("commit", "-q", "-m", "two"), ("push", "-q", "origin", "other")):
        stage.run("git", "-C", stage.path("clone2"), *command, env=environment)


@conversation("subversion")
def subversion(stage):
    stage.run("svnadmin", "create", stage.path("repository"))
    stage.write("repository/conf/svnserve.conf", "[general]\nanon-access = write\n")
    stage.serve("svnserve", "-d", "--foreground", "-r", stage.folder, "--listen-host",
                stage.address, port=3690)
    url = "svn://%s/repository" % stage.address
    own = ("--config-dir", stage.path("config"), "--non-interactive")
    stage.run("svn", "checkout", *own, url, stage.path("copy"))
    stage.text(name="copy/text.txt")
    stage.run("svn", "add", *own, stage.path("copy", "text.txt"))
    stage.run("svn", "commit", *own, "-m", "one", stage.path("copy"))
    stage.run("svn", "log", *own, "-v", url)
    stage.run("svn", "export", *own, url, stage.path("export"))


@conversation("python3-libtorrent")
def bittorrent(stage):
    import libtorrent

    def session(port):
        return libtorrent.session({
            "listen_interfaces": "%s:%d" % (stage.address, port), "enable_dht": False,
            "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
            "enable_outgoing_utp": False, "enable_incoming_utp": False,
            "in_enc_policy": 2, "out_enc_policy": 2, "allow_multiple_connections_per_ip": True})

    stage.fill(100000, "seed/content")
    os.mkdir(stage.path("leech"))
    files = libtorrent.file_storage()
    libtorrent.add_files(files, stage.path("seed", "content"))
    made = libtorrent.create_torrent(files, 16384)
    libtorrent.set_piece_hashes(made, stage.path("seed"))
    info = libtorrent.torrent_info(made.generate())
    seed, leech = session(6881), session(6882)
    seed.add_torrent({"ti": info, "save_path": stage.path("seed")})
    taken = leech.add_torrent({"ti": info, "save_path": stage.path("leech")})
    end = time.monotonic() + PATIENCE
    while not taken.status().is_seeding:
        assert time.monotonic() < end, "the torrent does not arrive"
        taken.connect_peer((stage.address, 6881))
        time.sleep(0.2)
