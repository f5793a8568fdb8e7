# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tshark and sharkd with the plugin, as a user would, and reads what they say.

    ws = Wireshark()                    # proves that the plugin is loaded, or fails
    for frame in ws.dissect(capture):   # PDML, parsed
        for command in frame.commands:
            print(frame.number, command.one("sstp.summary"))

Started by root, Wireshark ignores plugin variables; so the plugin is staged in a
private folder and the programs run as `nobody`.  `Wireshark(plugin=False)` has no
plugin at all.  GRVSSTP_BUILD_DIR names the build folder (default: build/release of the
checkout).
"""

import functools
import json
import os
import re
import shutil
import subprocess
import tempfile

from pdml import Failure, packets_of

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD_DIR = os.environ.get("GRVSSTP_BUILD_DIR") or os.path.join(TOP, "build", "release")
TSHARK = os.environ.get("GRVSSTP_TSHARK", "tshark")
SHARKD = os.environ.get("GRVSSTP_SHARKD", "sharkd")


# ---------------------------------------------------------------------------
# What PDML says


class Frame:
    """One packet as tshark dissected it."""

    def __init__(self, packet):
        self.layers = packet.layers
        self.number = packet.number

    @property
    def tcp_stream(self):
        stream = self.value("tcp.stream")
        return None if stream is None else int(stream)

    def value(self, name, default=None):
        needle = ' name="%s"' % name
        for layer in self.layers:
            if needle in layer.text and layer.has(name):
                return layer.values(name)[0]
        return default

    def has_layer(self, name):
        return any(layer.name == name for layer in self.layers)

    @property
    def protocols(self):
        return [layer.name for layer in self.layers]

    @property
    def ours(self):
        """Our layers, those of pieces of a command included."""
        return [layer for layer in self.layers if layer.name == "grvsstp"]

    @property
    def commands(self):
        """Our layers that hold a command."""
        return [layer for layer in self.ours if layer.has("sstp.command")]

    @property
    def experts(self):
        return [expert for layer in self.layers for expert in layer.experts]

    @property
    def findings(self):
        """Our own experts, by what follows `sstp.expert.`."""
        return [(name[len("sstp.expert."):], severity) for name, severity in self.experts
                if name and name.startswith("sstp.expert.")]

    @property
    def is_malformed(self):
        """A dissector ran off the end.  (Experts of the malformed group do not count.)"""
        return any(layer.name.startswith("_ws.malformed") for layer in self.layers)


# ---------------------------------------------------------------------------
# Running


def drop_privileges():
    """What to put in front of a command so that it does not run as root."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]


@functools.lru_cache(maxsize=None)
def release():
    """(4, 6), say."""
    said = subprocess.run([TSHARK, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=True).stdout
    return tuple(int(number) for number in re.search(r"(\d+)\.(\d+)\.", said).groups())


def as_text(octets):
    """With lines that end in \\n; as the ones of a hundred megabytes do, and that is seen at once."""
    text = octets.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


class Wireshark:
    """A private Wireshark: empty home, our plugin or none, memory checks on."""

    def __init__(self, plugin=True, build_dir=None, debug=True):
        self.folder = tempfile.mkdtemp(prefix="grvsstp-")
        os.chmod(self.folder, 0o755)
        home = os.path.join(self.folder, "home")
        plugins = os.path.join(self.folder, "plugins")
        os.mkdir(home)
        os.chmod(home, 0o777)  # the unprivileged user's
        os.mkdir(plugins)
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "HOME": home, "XDG_CONFIG_HOME": home, "WIRESHARK_PLUGIN_DIR": plugins}
        if debug:  # checks that cost time; a benchmark goes without
            self.env.update(WIRESHARK_DEBUG_WMEM_OVERRIDE="strict",
                            WIRESHARK_ABORT_ON_DISSECTOR_BUG="1")
        try:
            if plugin:
                self._stage(build_dir or BUILD_DIR, plugins)
            self._prove(plugin, plugins)
        except BaseException:
            self.close()
            raise

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @staticmethod
    def _stage(build_dir, plugins):
        source = os.path.join(build_dir, "plugins")
        if not os.path.isdir(source):
            raise Failure("%s does not exist: the plugin has not been built" % source)
        shutil.copytree(source, plugins, dirs_exist_ok=True)
        subprocess.run(["chmod", "-R", "a+rX", plugins], check=True)

    def _prove(self, plugin, plugins):
        """The plugin is loaded from our folder, or there is none."""
        listed = [line for line in self.run([TSHARK, "-G", "plugins"]).splitlines()
                  if line.startswith("grvsstp")]
        known = [line for line in self.run([TSHARK, "-G", "protocols"]).splitlines()
                 if line.split("\t")[2:3] == ["grvsstp"]]
        if plugin and not (listed and plugins in listed[0] and known):
            raise Failure("the plugin is not loaded from %s: plugins %r, protocols %r" %
                          (plugins, listed, known))
        if not plugin and (listed or known):
            raise Failure("a plugin is installed where there should be none: %r" % listed)

    def path(self, name):
        """Where to write a file that the unprivileged user can read."""
        return os.path.join(self.folder, name)

    def run(self, command, check=True, stdin=None):
        """Runs a program, returns what it printed; anything on stderr is a failure."""
        done = subprocess.run(drop_privileges() + [str(part) for part in command],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env,
                              cwd=self.folder, input=None if stdin is None else stdin.encode(),
                              timeout=900, check=False)
        done.stdout, done.stderr = as_text(done.stdout), as_text(done.stderr)
        if check and done.returncode != 0:
            raise Failure("%r ended with %d\n%s" % (command, done.returncode, done.stderr[-4000:]))
        noise = [line for line in done.stderr.splitlines() if line.strip()]
        if check and noise:
            raise Failure("%r said:\n%s" % (command, "\n".join(noise[:40])))
        return done.stdout if check else done

    def tshark(self, capture, *options, two_pass=False, preferences=(), decode_as=(), check=True):
        command = [TSHARK, "-n", "-r", capture] + (["-2"] if two_pass else [])
        for preference in preferences:
            command += ["-o", preference]
        for rule in decode_as:
            command += ["-d", rule]
        return self.run(command + list(options), check=check)

    # -- results -----------------------------------------------------------

    def dissect(self, capture, *options, **keywords):
        """Every frame, from PDML."""
        text = self.tshark(capture, "-T", "pdml", *options, **keywords)
        return [Frame(packet) for packet in packets_of(text)]

    def pdml(self, capture, *options, **keywords):
        """The PDML itself, without what differs from run to run."""
        text = self.tshark(capture, "-T", "pdml", *options, **keywords)
        return re.sub(r"<pdml [^>]*>", "<pdml>", text, count=1)

    def json(self, capture, *options, **keywords):
        return json.loads(self.tshark(capture, "-T", "json", *options, **keywords))

    def fields(self, capture, fields, *options, **keywords):
        """One list a frame, with one list of values a field."""
        selection = [part for field in fields for part in ("-e", field)]
        text = self.tshark(capture, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=|",
                           *selection, *options, **keywords)
        return [[[v for v in cell.split("|")] if cell else [] for cell in line.split("\t")]
                for line in text.splitlines()]

    def info(self, capture, *options, **keywords):
        """The Protocol and Info columns of each frame."""
        text = self.tshark(capture, "-T", "fields", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info",
                           *options, **keywords)
        return [tuple((line + "\t").split("\t")[:2]) for line in text.splitlines()]

    def count(self, capture, display_filter, **keywords):
        """How many frames a display filter passes."""
        text = self.tshark(capture, "-Y", display_filter, "-T", "fields", "-e", "frame.number",
                           **keywords)
        return len(text.splitlines())

    def sharkd(self, capture, frames):
        """The trees of the frames asked for, in that order, from one sharkd session."""
        requests = [{"jsonrpc": "2.0", "id": 1, "method": "load",
                     "params": {"file": str(capture)}}]
        requests += [{"jsonrpc": "2.0", "id": 2 + i, "method": "frame",
                      "params": {"frame": number, "proto": True}}
                     for i, number in enumerate(frames)]
        done = self.run([SHARKD, "-"], check=False,
                        stdin="".join(json.dumps(request) + "\n" for request in requests))
        answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        answers = {answer["id"]: answer for answer in answers if "id" in answer}
        if done.returncode != 0 or len(answers) != len(requests):
            raise Failure("sharkd ended with %d after %d of %d answers\n%s" %
                          (done.returncode, len(answers), len(requests), done.stderr[-2000:]))
        if any("error" in answer for answer in answers.values()):
            raise Failure("sharkd: %r" % [a for a in answers.values() if "error" in a][:3])
        return [answers[2 + i]["result"]["tree"] for i in range(len(frames))]


def sharkd_labels(tree, protocol="grvsstp"):
    """The lines of one protocol's layers in a sharkd tree, indented by depth."""
    lines = []

    def walk(nodes, depth):
        for node in nodes:
            lines.append("  " * depth + node.get("l", "") + (" !" + node["s"] if "s" in node
                                                            else ""))
            walk(node.get("n", []), depth + 1)

    walk([node for node in tree if node.get("f", node.get("fn", "")).split(" ")[0] == protocol], 0)
    return lines
