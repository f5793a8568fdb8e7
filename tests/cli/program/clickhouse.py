# SPDX-License-Identifier: GPL-2.0-or-later
"""Two ClickHouse servers of Debian's packages, on loopback, that are one cluster.

    with clickhouse.Cluster() as cluster:
        cluster.make_tables()
        cluster.load(reports)
        rows = cluster.rows("SELECT ... FROM grvsstp.journeys")
"""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

import analyze

SQL = os.path.join(analyze.TOP, "analyzer", "sql", "clickhouse")
UNPACKED = os.path.join(analyze.TOP, "build", "unpacked")
PATIENCE = 120  # seconds, for what takes one

CONFIG = """<yandex>
<logger><level>error</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
<tcp_port>{port}</tcp_port><listen_host>127.0.0.1</listen_host>
<path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
<users_config>{folder}/users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>16777216</mark_cache_size><timezone>UTC</timezone>
<remote_servers><grvsstp>{shards}</grvsstp></remote_servers>
</yandex>
"""
SHARD = "<shard><replica><host>127.0.0.1</host><port>{}</port></replica></shard>"
USERS = """<yandex>
<profiles><default><max_memory_usage>500000000</max_memory_usage><max_threads>2</max_threads></default></profiles>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks>
<profile>default</profile><quota>default</quota></default></users>
<quotas><default/></quotas>
</yandex>
"""


def program(name):
    """Installed, or unpacked by tests/run.sh, which starts no service."""
    for folder in ("usr/sbin", "usr/bin"):
        path = os.path.join(UNPACKED, folder, name)
        if os.access(path, os.X_OK):
            return path
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        raise FileNotFoundError("no %s here: tests/run.sh installs it" % name)
    return path


def free_ports(num):
    """Of 127.0.0.1, where nobody listens now."""
    sockets = [socket.socket() for _ in range(num)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Server:
    """One process with its folder."""

    def __init__(self, folder, port, ports):
        self.folder, self.port = folder, port
        os.makedirs(folder)
        text = CONFIG.format(folder=folder, port=port,
                             shards="".join(SHARD.format(one) for one in ports))
        for name, content in (("config.xml", text), ("users.xml", USERS)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(content)
        with open(os.path.join(folder, "said"), "wb") as said:
            self.process = subprocess.Popen(
                [program("clickhouse-server"), "--config-file=" + os.path.join(folder, "config.xml")],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=folder)

    def is_ready(self):
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def said(self):
        text = ""
        for name in ("said", "errors"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    text += file.read()[-2000:]
        return text

    def end(self):
        self.process.kill()  # nothing of it is kept
        self.process.wait()


class Cluster:
    def __init__(self, num=2):
        self.num = num
        self.servers = []

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="grvsstp-clickhouse-")
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.end()
        shutil.rmtree(self.folder)

    def start(self):
        for attempt in range(5):  # somebody may take a port meanwhile
            ports = free_ports(self.num)
            self.servers = [Server(os.path.join(self.folder, "%d-%d" % (attempt, i)), port, ports)
                            for i, port in enumerate(ports)]
            if self.are_ready():
                return
            said = [server.said() for server in self.servers]
            for server in self.servers:
                server.end()
            self.servers = []
        raise RuntimeError("no ClickHouse: %s" % said)

    def are_ready(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if any(server.process.poll() is not None for server in self.servers):
                return False
            if all(server.is_ready() for server in self.servers):
                return True
            time.sleep(0.05)
        return False

    def client(self, server=0):
        return [program("clickhouse-client"), "--host", "127.0.0.1", "--port",
                str(self.servers[server].port)]

    def run(self, sql, *options, server=0):
        """What several statements print."""
        done = subprocess.run(self.client(server) + ["--multiquery", *options],
                              input=sql.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        return done.stdout.decode()

    def rows(self, sql, server=0):
        return [json.loads(line)
                for line in self.run(sql, "--format", "JSONEachRow", server=server).splitlines()]

    def make_tables(self):
        for name in ("tables.sql", "cluster.sql", "certainty.sql"):
            for server in range(self.num):
                self.run(question(name), server=server)

    def load(self, reports, server=0):
        done = subprocess.run(["sh", os.path.join(SQL, "load.sh"), *reports], check=False,
                              env=dict(os.environ,
                                       CLICKHOUSE_CLIENT=" ".join(self.client(server))),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0 or done.stdout:
            raise RuntimeError((done.stdout + done.stderr).decode())


    def write_client(self, folder, hosts):
        """A clickhouse-client that finds these servers where a page has `--host NAME`."""
        path = os.path.join(folder, "clickhouse-client")
        cases = " ".join("%s) port=%d;;" % (host, self.servers[server].port)
                         for host, server in hosts.items())
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nhost=$2; shift 2; port=none; case $host in %s esac\n"
                       "exec %s --host 127.0.0.1 --port $port \"$@\"\n"
                       % (cases, program("clickhouse-client")))
        os.chmod(path, 0o755)


def question(name):
    with open(os.path.join(SQL, name), encoding="utf-8") as file:
        return file.read()
