# SPDX-License-Identifier: GPL-2.0-or-later
"""How long tests wait for what is sure to come: as long as it may take on a machine that does
four other things and has a sanitizer to carry.  Who is never late for them waits for nothing."""

PATIENCE = 150  # seconds
# The same as an option of our programs: earlier, so that they say themselves what they lack.
TIMEOUT = "100"
