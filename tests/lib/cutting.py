# SPDX-License-Identifier: GPL-2.0-or-later
"""Cuts conversations, lists of (from_client, bytes), and the messages that carry them
(henc_encoder.py)."""


def split_at(chunks, position):
    """The chunks with one cut, at an offset counted over all of them."""
    out, at = [], 0
    for from_client, data in chunks:
        inner = position - at
        if 0 < inner < len(data):
            out += [(from_client, data[:inner]), (from_client, data[inner:])]
        else:
            out.append((from_client, data))
        at += len(data)
    return out


def split_randomly(chunks, rng, longest):
    """Every chunk in pieces of 1 to `longest` bytes."""
    out = []
    for from_client, data in chunks:
        at = 0
        while at < len(data):
            size = rng.randint(1, longest)
            out.append((from_client, data[at:at + size]))
            at += size
    return out


def random_cuts(rng, mean):
    """For `Carrier.cuts`: about one cut every `mean` bytes."""
    def cuts(_from_client, message):
        return [offset for offset in range(1, len(message)) if rng.random() < 1 / mean]
    return cuts


def cut_everywhere_at(offset):
    """For `Carrier.cuts`: every message in two, at the same offset."""
    def cuts(_from_client, message):
        return [offset] if offset < len(message) else []
    return cuts
