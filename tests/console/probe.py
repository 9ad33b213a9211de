"""A client that asks for what is not given: ``probe.py PORT KEY WHAT`` prints granted, refused, or lost.

WHAT: log-in, password, forward, listen, agent, x11, sftp, channels.
"""

# Twisted names its methods in its own way.
# ruff: noqa: N802

import sys

from twisted.conch.ssh import channel, common, connection, forwarding, keys, transport, userauth
from twisted.internet import defer, endpoints, protocol, task


class Probe(transport.SSHClientTransport):
    def verifyHostKey(self, host_key, fingerprint):
        return defer.succeed(1)

    def connectionSecure(self):
        self.requestService(LogIn(self.factory, Connection(self.factory)))

    def connectionLost(self, reason):
        super().connectionLost(reason)
        self.factory.say("lost")


class LogIn(userauth.SSHUserAuthClient):
    def __init__(self, factory, instance):
        super().__init__(b"root", instance)
        self.factory = factory
        self.untried = keys.Key.fromFile(factory.key)

    def getPublicKey(self):
        if self.factory.what == "password":
            return None
        key, self.untried = self.untried, None
        return key and key.public()

    def getPrivateKey(self):
        return defer.succeed(keys.Key.fromFile(self.factory.key))

    def getPassword(self, prompt=None):
        return defer.succeed(b"") if self.factory.what == "password" else None


class Connection(connection.SSHConnection):
    def __init__(self, factory):
        super().__init__()
        self.factory = factory

    def serviceStarted(self):
        super().serviceStarted()
        what = self.factory.what
        if what in ("log-in", "password"):
            self.factory.say("granted")
        elif what == "forward":
            data = forwarding.packOpen_direct_tcpip(("127.0.0.1", 22), ("127.0.0.1", 1))
            self.openChannel(Channel(self, b"direct-tcpip"), data)
        elif what == "listen":
            asked = self.sendGlobalRequest(b"tcpip-forward", common.NS(b"127.0.0.1") + b"\0\0\0\0", wantReply=1)
            asked.addCallbacks(lambda _: self.factory.say("granted"), lambda _: self.factory.say("refused"))
        elif what == "channels":
            for _ in range(20):
                self.openChannel(Channel(self, b"session"))
        else:
            self.openChannel(Channel(self, b"session"))


class Channel(channel.SSHChannel):
    def __init__(self, conn, name):
        super().__init__(conn=conn)
        self.name = name
        self.factory = conn.factory

    def channelOpen(self, data):
        what = self.factory.what
        requests = {
            "agent": (b"auth-agent-req@openssh.com", b""),
            "x11": (b"x11-req", b"\0" + common.NS(b"a") + common.NS(b"b") + b"\0\0\0\0"),
            "sftp": (b"subsystem", common.NS(b"sftp")),
        }
        if what in requests:
            asked = self.conn.sendRequest(self, *requests[what], wantReply=1)
            asked.addCallbacks(lambda _: self.factory.say("granted"), lambda _: self.factory.say("refused"))
        elif what != "channels":
            self.factory.say("granted")

    def openFailed(self, reason):
        self.factory.say("refused")


class Factory(protocol.ClientFactory):
    protocol = Probe

    def __init__(self, key, what):
        self.key, self.what, self.answer = key, what, None
        self.done = defer.Deferred()

    def say(self, answer):
        if self.answer is None:
            self.answer = answer
            self.done.callback(None)


def main(reactor, port, key, what):
    factory = Factory(key, what)
    endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(port)).connect(factory).addErrback(lambda _: factory.say("lost"))
    return factory.done.addCallback(lambda _: sys.stdout.write(factory.answer))


task.react(main, sys.argv[1:])
