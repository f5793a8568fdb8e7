# SPDX-License-Identifier: GPL-2.0-or-later
"""The servers that the relay is measured beside, and the disk that they write to.

Each server is a process of ours on a free port of 127.0.0.1, in a folder of its own,
with a configuration written here: what makes it as fast as it can be while it does
what it is measured for.  One that runs on this machine anyway is left alone.
"""

import os
import shutil
import signal
import socket
import subprocess
import time

START_SECONDS = 10
STOP_SECONDS = 10
SERVICE_PORTS = (1883, 6379)  # of services that may run here
TICKS = os.sysconf("SC_CLK_TCK")

# Every command is on the disk before it is answered.  Rewriting the file while it is
# measured would only cost time.
REDIS = """bind 127.0.0.1
port %(port)d
dir %(folder)s
appendonly yes
appendfsync always
save ""
auto-aof-rewrite-percentage 0
"""
MOSQUITTO = """listener %(port)d 127.0.0.1
allow_anonymous true
persistence false
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
sys_interval 0
log_dest stderr
log_type error
"""


class Missing(Exception):
    """Something has to be installed or built first."""


class Failure(Exception):
    """A run met a failure."""


def free_port():
    while True:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        if port not in SERVICE_PORTS:
            return port


def cpu_seconds(pid):
    """User and system time of a process so far, all its threads together."""
    with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Server:
    """A running server, to be used with `with`."""

    def __init__(self, program, configuration, folder):
        self.port = free_port()
        self.log = os.path.join(folder, "log")
        self.process = None
        self.program = program
        self.command = [find(program), os.path.join(folder, "conf")]
        if program == "mosquitto":
            self.command.insert(1, "-c")
        with open(self.command[-1], "w", encoding="utf-8") as conf:
            conf.write(configuration % {"port": self.port, "folder": folder})

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        with open(self.log, encoding="utf-8", errors="replace") as log:
            lines = log.read().splitlines()
        raise Failure("%s does not start: %s" % (self.program, lines[-1] if lines else "no word"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __exit__(self, *_):
        self.stop()

    def cpu(self):
        return cpu_seconds(self.process.pid)


def find(program):
    """Where a server is; Debian keeps mosquitto in a folder that users do not search."""
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise Missing("%s is missing; install it with: apt-get install --no-install-recommends %s"
                      % (program, program))
    return path


def redis(folder):
    return Server("redis-server", REDIS, folder)


def mosquitto(folder):
    return Server("mosquitto", MOSQUITTO, folder)


def filesystem(folder):
    """Type of the file system that a folder is on."""
    folder = os.path.realpath(folder)
    best, kind = "", "unknown"
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            mount, _, tail = line.partition(" - ")
            point = mount.split()[4]
            if len(point) >= len(best) and os.path.commonpath([folder, point]) == point:
                best, kind = point, tail.split()[0]
    return kind


def syncs_per_second(folder, seconds):
    """The floor of everything durable: 1 KiB appended and synced, again and again."""
    path = os.path.join(folder, "floor")
    record = os.urandom(1024)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        count = 0
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            os.write(fd, record)
            os.fdatasync(fd)
            count += 1
        return count / (time.monotonic() - start)
    finally:
        os.close(fd)
        os.unlink(path)
