# SPDX-License-Identifier: GPL-2.0-or-later
"""The worked examples of MS-GRVSSTP 4.1 and 4.2 as scenarios, told from their prose
(the figures are not in the text)."""

from scenario import CLIENT, RELAY, Scenario, sstp, stories

APPHANDLER = "apphandler"
RELAY1, RELAY2 = "grooveDNS://relay1.example", "grooveDNS://relay2.example"
STOP, START, OK_STOP = 0x0A, 0x09, 0x0B  # OpenResponse ResponseIds
FANOUT_NOT_SUPPORTED = 0x0C
WRONG_DEVICE = 0x01       # ConnectResponse ResponseId
CONNECTION_CLOSED, LOCKED_OUT = 0x03, 0x05  # SessionStatus StatusIds
IDLE = 0x02               # Close and ConnectClose ReasonId
VERSION = ("version_unsupported", "warning")
UNACKNOWLEDGED = ("unacknowledged", "note")


def identity(name):
    return "grooveIdentity://client" + name


def device(name):
    return "dpp:///device" + name


def entry(name, relay=""):
    """A FanoutDeviceEntry of a client."""
    return identity(name), device(name), relay


# ---------------------------------------------------------------------------
# 4.1: connections


def version_negotiation(offered, accepted):
    """4.1.1 with the versions that there are: the lesser minor is in force."""
    tale = Scenario("4.1.1, 1.%d offered, 1.%d accepted" % (offered, accepted))
    line = tale.line("Device1-Device2", min(offered, accepted))
    line.greet(offered, accepted)
    fanout = line.fanout(CLIENT, 1, APPHANDLER, [entry("B"), entry("C")])
    line.respond(RELAY, 1, OK_STOP, "suspended", answers=fanout)
    line.finish()
    return tale


def future_version():
    """4.1.1 as printed: 3.6 meets 3.5.  The connection is established all the same; of a
    version only the minor is compared (SPECIFICATION.md)."""
    tale = Scenario("4.1.1 as printed")
    line = tale.line("Device1-Device2")
    connect = line.row(CLIENT, sstp.connect(device("2"), [device("1")], version=(3, 6)),
                       connection="connecting", findings=[VERSION])
    line.version = "1.5"
    line.row(RELAY, sstp.connect_response(sstp.OK, [device("2")], version=(3, 5)),
             answers=connect, findings=[VERSION])
    line.opened(CLIENT, 1, APPHANDLER)
    line.finish()
    return tale


def incorrect_target():
    """4.1.2: WrongDevice; ConnectClose is the next command (3.1.5.1)."""
    tale = Scenario("4.1.2")
    line = tale.line("Device1-Device2")
    connect = line.row(CLIENT, sstp.connect(device("3"), [device("1")]), connection="connecting")
    line.row(RELAY, sstp.connect_response(WRONG_DEVICE), connection="aborting", answers=connect)
    line.finish(RELAY)
    return tale


# ---------------------------------------------------------------------------
# 4.2.1 to 4.2.3: Open


def device_to_device():
    tale = Scenario("4.2.1")
    line = tale.line("A-B")
    line.greet()
    request = line.open(CLIENT, 1, APPHANDLER, identity("B"), device("2"))
    line.respond(RELAY, 1, sstp.OK, "ready", answers=request)
    message = line.message(CLIENT, 1, number=1, before=0, pieces=3)
    line.noop(RELAY, 1, acks=[message])
    line.close(CLIENT, 1)
    line.finish()
    return tale


def bidirectional():
    """Both open a session; A's message is acknowledged by B's Message, B's by a Noop."""
    tale = Scenario("4.2.2")
    line = tale.line("A-B")
    line.greet()
    a, b = 0x00000001, 0x80000001
    of_a = line.open(CLIENT, a, APPHANDLER, identity("B"), device("2"))
    line.respond(RELAY, a, sstp.OK, "ready", answers=of_a)
    of_b = line.open(RELAY, b, APPHANDLER, identity("A"), device("1"))
    # Both send at the same time.
    line.begin(CLIENT, a, number=1, outstanding=0)
    line.respond(CLIENT, b, sstp.OK, "ready", answers=of_b)
    line.begin(RELAY, b, number=1, outstanding=0)
    line.data(CLIENT, a, number=1)
    line.data(RELAY, b, number=1)
    first_of_a = line.end(CLIENT, a, number=1, outstanding=1)
    first_of_b = line.end(RELAY, b, number=1, outstanding=1)
    second_of_b = line.message(RELAY, b, number=2, before=1, count=1, acks=[first_of_a],
                               covered=1, remaining=0)
    line.noop(CLIENT, 2, acks=[first_of_b, second_of_b])
    line.close(CLIENT, a)
    line.close(RELAY, b)
    line.finish()
    return tale


def authenticated_client(tale, name):
    """4.2.3, 3.2.4.1: client and relay, and the client attached and registered."""
    line = tale.line("Client%s-Relay1" % name)
    line.greet(token=stories.SEC_CONNECT, answer_token=stories.SEC_CONNECT_RESPONSE)
    line.row(CLIENT, sstp.connect_authenticate(stories.SOME_TOKEN))
    attach = line.row(CLIENT, sstp.attach(1, RELAY1, stories.ACCOUNT, stories.SOME_TOKEN))
    line.row(RELAY, sstp.attach_response(1, sstp.OK, stories.SOME_TOKEN), answers=attach)
    line.row(CLIENT, sstp.attach_authenticate(1, stories.SOME_TOKEN))
    line.row(RELAY, sstp.attach_response(1, sstp.OK, stories.SOME_TOKEN))
    of_device = line.row(CLIENT, sstp.register(1, stories.SOME_TOKEN))
    line.row(RELAY, sstp.register_response(1, stories.SOME_TOKEN), answers=of_device)
    of_identity = line.row(CLIENT, sstp.register(2, stories.SOME_TOKEN))
    line.row(RELAY, sstp.register_response(2), answers=of_identity)
    return line


def dequeue(line, session_id, name):
    """The relay opens a session to its client, as it does for what it has stored."""
    request = line.open(RELAY, session_id, APPHANDLER, identity(name), device(name))
    line.respond(CLIENT, session_id, sstp.OK, "ready", answers=request)


def device_to_relay():
    """Two conversations: A leaves a message with Relay1, B fetches it."""
    tale = Scenario("4.2.3")
    sender = tale.line("ClientA-Relay1")
    sender.greet()
    request = sender.open(CLIENT, 0x21, APPHANDLER, identity("B"), device("B"))
    sender.respond(RELAY, 0x21, sstp.OK, "ready", answers=request)
    stored = sender.message(CLIENT, 0x21, number=1, before=0, pieces=2)
    sender.noop(RELAY, 1, acks=[stored])
    sender.close(CLIENT, 0x21)
    sender.finish()
    receiver = authenticated_client(tale, "B")
    dequeue(receiver, 0x80000000, "B")
    fetched = receiver.message(RELAY, 0x80000000, number=1, before=0, pieces=2)
    receiver.noop(CLIENT, 1, acks=[fetched])
    receiver.close(RELAY, 0x80000000, IDLE)
    receiver.finish(RELAY, reason=IDLE)
    return tale


# ---------------------------------------------------------------------------
# 4.2.4 to 4.2.6: FanoutOpen


def fanout_denied():
    tale = Scenario("4.2.4")
    line = tale.line("ClientA-Relay1")
    connect = line.row(CLIENT, sstp.connect(RELAY1, [device("A")]), connection="connecting")
    line.version = "1.5"
    line.row(RELAY, sstp.connect_response(sstp.OK, [RELAY1], flags=1), answers=connect)
    request = line.fanout(CLIENT, 0x21, APPHANDLER, [entry("B"), entry("D", RELAY2)])
    line.respond(RELAY, 0x21, FANOUT_NOT_SUPPORTED, "closed", answers=request)
    line.finish()
    return tale


def delivered(line, session_id, name, count=1):
    """The relay delivers to a client, which acknowledges."""
    line.greet()
    dequeue(line, session_id, name)
    for number in range(count):
        end = line.message(RELAY, session_id, number=number + 1, before=0)
        line.noop(CLIENT, 1, acks=[end])


def multidrop_fanout():
    tale = Scenario("4.2.5")
    sender = tale.line("ClientA-Relay1")
    sender.greet()
    request = sender.fanout(CLIENT, 0x21, APPHANDLER, [entry("B"), entry("C")])
    sender.respond(RELAY, 0x21, OK_STOP, "suspended", answers=request)
    sender.respond(RELAY, 0x21, START, "ready")
    message = sender.message(CLIENT, 0x21, number=1, before=0)
    delivered(tale.line("Relay1-ClientB"), 0x80000001, "B")
    delivered(tale.line("Relay1-ClientC"), 0x80000001, "C")
    sender.noop(RELAY, 1, acks=[message])
    sender.close(CLIENT, 0x21)
    sender.finish()
    return tale


class SingleHop:
    """4.2.6: A's fanout over Relay1 to B and C, and over Relay2 to D and E, up to
    StartSending from Relay1."""

    def __init__(self, name):
        self.tale = Scenario(name)
        self.a = self.tale.line("ClientA-Relay1")
        self.relays = self.tale.line("Relay1-Relay2")
        self.clients = {}
        for client, relay in (("B", 1), ("C", 1), ("D", 2), ("E", 2)):
            line = self.clients[client] = self.tale.line("Relay%d-Client%s" % (relay, client))
            line.greet()
            dequeue(line, 0x80000001, client)
        self.a.greet()
        self.relays.greet()
        request = self.a.fanout(CLIENT, 0x21, APPHANDLER, [
            entry("B"), entry("C"), entry("D", RELAY2), entry("E", RELAY2)])
        self.a.respond(RELAY, 0x21, OK_STOP, "suspended", answers=request)
        forwarded = self.relays.fanout(CLIENT, 7, APPHANDLER,
                                       [entry("D", RELAY2), entry("E", RELAY2)])
        self.relays.respond(RELAY, 7, OK_STOP, "suspended", answers=forwarded)
        self.relays.respond(RELAY, 7, START, "ready")
        self.a.respond(RELAY, 0x21, START, "ready")

    def deliver(self, *names, number=1):
        """To clients, on the sessions that the relays have opened to them."""
        for name in names:
            end = self.clients[name].message(RELAY, 0x80000001, number=number, before=0)
            self.clients[name].noop(CLIENT, 1, acks=[end])


def single_hop_fanout():
    """Figure 20: the first message, acknowledged when all four have it."""
    hop = SingleHop("4.2.6")
    of_a = hop.a.message(CLIENT, 0x21, number=1, before=0)
    of_relay1 = hop.relays.message(CLIENT, 7, number=1, before=0)
    hop.deliver("B", "C", "D", "E")
    hop.relays.noop(RELAY, 1, acks=[of_relay1])
    hop.a.noop(RELAY, 1, acks=[of_a])
    return hop.tale


def loss_of_resource_handler():
    """4.2.6.1: D is gone for good; the second message goes to three."""
    hop = SingleHop("4.2.6.1")
    of_a = hop.a.message(CLIENT, 0x21, number=1, before=0)
    of_relay1 = hop.relays.message(CLIENT, 7, number=1, before=0)
    hop.deliver("B", "C", "E")
    hop.relays.row(RELAY, sstp.session_status(7, LOCKED_OUT, device("D"), identity("D")),
                   session="ready", receiver="waiting", active=1)
    hop.a.row(RELAY, sstp.session_status(0x21, LOCKED_OUT, device("D"), identity("D")),
              session="ready", receiver="waiting", active=3)
    hop.relays.noop(RELAY, 1, acks=[of_relay1])
    hop.a.noop(RELAY, 1, acks=[of_a])
    of_a = hop.a.message(CLIENT, 0x21, number=2, before=0)
    of_relay1 = hop.relays.message(CLIENT, 7, number=2, before=0)
    hop.deliver("B", "C", "E", number=2)
    hop.relays.noop(RELAY, 1, acks=[of_relay1])
    hop.a.noop(RELAY, 1, acks=[of_a])
    return hop.tale


def loss_of_relay():
    """4.2.6.2: Relay2 is gone, and with it D and E, by its RelayURL."""
    hop = SingleHop("4.2.6.2")
    of_a = hop.a.message(CLIENT, 0x21, number=1, before=0)
    hop.relays.message(CLIENT, 7, number=1, before=0, late=[UNACKNOWLEDGED])
    hop.deliver("B", "C")
    hop.relays.lose()
    hop.a.row(RELAY, sstp.session_status(0x21, CONNECTION_CLOSED, RELAY2, ""),
              session="ready", receiver="waiting", active=2)
    hop.a.noop(RELAY, 1, acks=[of_a])
    of_a = hop.a.message(CLIENT, 0x21, number=2, before=0)
    hop.deliver("B", "C", number=2)
    hop.a.noop(RELAY, 1, acks=[of_a])
    return hop.tale


def scenarios():
    return [version_negotiation(6, 6), version_negotiation(6, 5), version_negotiation(5, 6),
            version_negotiation(7, 7), future_version(), incorrect_target(), device_to_device(),
            bidirectional(), device_to_relay(), fanout_denied(), multidrop_fanout(),
            single_hop_fanout(), loss_of_resource_handler(), loss_of_relay()]
