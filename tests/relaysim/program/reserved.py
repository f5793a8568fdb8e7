# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses for programs that are started at them later, or again and again."""
import socket

KEPT = []  # as long as this process lives


def reserved_port():
    """Of 127.0.0.1: nobody listens there until somebody is told of it.  The system gives it to
    no other socket meanwhile, for one is bound to it that lets others be bound by number."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    KEPT.append(bound)
    return bound.getsockname()[1]


def reserved_address():
    return "127.0.0.1:%d" % reserved_port()
