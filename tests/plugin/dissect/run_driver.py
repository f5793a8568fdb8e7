# SPDX-License-Identifier: GPL-2.0-or-later
"""Every capture of the dissection tests, and mutations of them, through the driver.

    run_driver.py DRIVER FOLDER [MUTATIONS]      writes the captures to FOLDER
"""

import os
import re
import subprocess
import sys

import harness
import malformed
import test_commands
import test_loss
import test_never_claims
import test_random_access
from harness import stories


def captures():
    """{name: capture} of what the test files send, and of what others send."""
    table = {name: capture for name, (capture, _) in test_commands.captures().items()}
    table.update(test_commands.malformed_captures())
    table["mixed"] = test_random_access.mixed_capture()

    for size in (1, 3, 7, 64, 1460):
        capture = harness.new_capture()
        long = size > 7
        stories.play(capture.connection(), stories.conversation(6) if long else
                     stories.short_conversation(), size=size)
        stories.play(capture.connection(("192.0.2.2", 40000), ("198.51.100.1", 50000),
                                        handshake=False),
                     stories.conversation(5) if long else stories.greeting(), size=size)
        table["segments-%d" % size] = capture

    capture = harness.new_capture()
    for length in range(54, 120):
        for frame in stories.play(capture.connection(harness.client_address(length)),
                                  stories.short_conversation()):
            frame.snap = length
    table["snapped"] = capture

    capture = harness.new_capture()
    connection = capture.connection()
    stories.play(connection, stories.greeting())
    frames = connection.send(stories.sstp.join([c for _, c in test_loss.numbered(60)]), size=83)
    capture.lose(*frames[5::9])
    for frame in frames[6::9]:
        capture.repeat(frame)
    table["lossy"] = capture

    capture = harness.new_capture()
    for number, row in enumerate(malformed.rows()):
        connection = capture.connection(harness.client_address(number), handshake=False)
        stories.play(connection, malformed.story(row[1]), size=11)
    table["malformed-cut"] = capture

    capture = harness.new_capture()
    for number, story in enumerate(test_never_claims.STORIES.values(), 1):
        for port in (2492, 50000):
            connection = capture.connection(("192.0.2.%d" % number, 40000), ("192.0.2.99", port))
            for from_client, octets in story:
                connection.send(octets, from_client)
    table["others"] = capture
    return table


def main(driver, folder, mutations="4"):
    os.makedirs(folder, exist_ok=True)
    files = []
    for name, capture in captures().items():
        files.append(capture.write(os.path.join(folder, name + ".pcapng")))
    # An allocation of its own for every block, so that the sanitizer sees its ends.
    env = dict(os.environ, WIRESHARK_DEBUG_WMEM_OVERRIDE="simple",
               WIRESHARK_ABORT_ON_DISSECTOR_BUG="1", HOME=folder, XDG_CONFIG_HOME=folder,
               ASAN_OPTIONS="detect_leaks=0:abort_on_error=1", UBSAN_OPTIONS="print_stacktrace=1")
    for preference in ("tcp.reassemble_out_of_order:FALSE", "tcp.reassemble_out_of_order:TRUE"):
        done = subprocess.run([driver, "-o", preference, "--mutate", mutations, "--seed", "2492"] +
                              files, env=env, check=False, stdout=subprocess.PIPE, text=True)
        print(done.stdout)
        if done.returncode != 0:
            sys.exit("the driver ended with %d (%s)" % (done.returncode, preference))
        idle = re.findall(r"([^/]*)\.pcapng: .*, 0 layers of ours", done.stdout)
        if idle not in ([], ["others"]):
            sys.exit("nothing of ours was seen in %s" % ", ".join(idle))


if __name__ == "__main__":
    main(*sys.argv[1:])
