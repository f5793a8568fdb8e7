# SPDX-License-Identifier: GPL-2.0-or-later
"""Sets the clock of one process while it runs: tests/lib/clock_shim.c.

    clock = ClockShim(library, folder)
    process = subprocess.Popen(..., env=clock.environment())
    clock.set(7200)     # two hours ahead, from now on
"""
import os


class ClockShim:
    def __init__(self, library, folder):
        self.library, self.path = library, os.path.join(folder, "clock")

    def environment(self):
        """That of this process, and what the other one needs."""
        # The sanitizers want to be loaded first, but do not depend on it here.
        asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
        return {**os.environ, "LD_PRELOAD": self.library, "CLOCK_SHIM_FILE": self.path,
                "ASAN_OPTIONS": asan}

    def set(self, seconds):
        """How far the clock is ahead of the machine's; at once."""
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write(f"{seconds}\n")
        os.rename(self.path + ".new", self.path)
