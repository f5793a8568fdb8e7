# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of every encapsulation, and mutations of them, through the sanitized driver.

    run_encapsulation_driver.py DRIVER FOLDER [MUTATIONS]   writes the captures to FOLDER
"""

import os
import random
import re
import subprocess
import sys

from encap_harness import Run, chunks_of, stories
import cutting
import henc_encoder as henc
import published
import test_damage
import test_determinism
import test_unharmed
from capture import Capture
from henc_encoder import Place

IDLE = {"others", "others-late", "backwards"}  # where nothing of ours has to be seen
CHUNKS = chunks_of(stories.short_conversation())


def captures():
    """{name: capture}"""
    table = {"everything": test_determinism.everything(), "published": published.capture(),
             "others": test_unharmed.made(), "others-late": test_unharmed.made(handshake=False)}
    for size in (3, 17, 64):
        run = Run()
        for number, (_, kind, ways) in enumerate(test_damage.KINDS):
            carrier = kind(run.capture, Place(number), **ways)
            carrier.cuts = lambda _, m, s=size: range(s, len(m), s)
            run.add("", carrier, cutting.split_randomly(CHUNKS, random.Random(size), 40), [])
        table["segments-%d" % size] = run.capture
    lossy = test_determinism.everything(random.Random(9))
    lossy.lose(*lossy.frames[20::17])
    table["lossy"] = lossy
    backwards = test_determinism.everything()
    backwards.frames.reverse()
    table["backwards"] = backwards
    snapped = Capture()
    for number, (_, kind, ways) in enumerate(test_damage.KINDS):
        henc.play(kind(snapped, Place(number), **ways), CHUNKS)
    for number, frame in enumerate(snapped.frames):
        frame.snap = 54 + number * 37 % 500
    table["snapped"] = snapped
    return table


def main(driver, folder, mutations="4"):
    os.makedirs(folder, exist_ok=True)
    files = [capture.write(os.path.join(folder, name + ".pcapng"))
             for name, capture in captures().items()]
    # An allocation of its own for every block, so that the sanitizer sees its ends.
    env = dict(os.environ, WIRESHARK_DEBUG_WMEM_OVERRIDE="simple",
               WIRESHARK_ABORT_ON_DISSECTOR_BUG="1", HOME=folder, XDG_CONFIG_HOME=folder,
               ASAN_OPTIONS="detect_leaks=0:abort_on_error=1", UBSAN_OPTIONS="print_stacktrace=1")
    for preference in ("tcp.reassemble_out_of_order:FALSE", "tcp.reassemble_out_of_order:TRUE"):
        done = subprocess.run([driver, "-o", preference, "--mutate", mutations, "--seed", "443"] +
                              files, env=env, check=False, stdout=subprocess.PIPE, text=True)
        print(done.stdout)
        if done.returncode != 0:
            sys.exit("the driver ended with %d (%s)" % (done.returncode, preference))
        idle = re.findall(r"([^/]*)\.pcapng: .*, 0 layers of ours", done.stdout)
        if not IDLE.issuperset(idle):
            sys.exit("nothing of ours was seen in %s" % ", ".join(sorted(set(idle) - IDLE)))


if __name__ == "__main__":
    main(*sys.argv[1:])
