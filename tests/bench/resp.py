"""The little of Redis's wire protocol that the benchmarks need, over a raw socket.

Owns connecting, packing commands, and reading replies either parsed (`Redis.call`) or only counted
up to a sentinel (`Redis.drain`). No client library: its cost would be measured with the server's.
"""

import os
import socket
from urllib.parse import urlsplit

RECEIVE_BUFFER = 1 << 20


def pack(*parts):
    """One command as bytes. Parts are `bytes`, `str` or `int`."""
    return b"*%d\r\n" % len(parts) + pack_parts(*parts)


def pack_parts(*parts):
    """Parts of a command without its header, for commands that are put together from pieces."""
    out = []
    for part in parts:
        if not isinstance(part, bytes):
            part = str(part).encode()
        out.append(b"$%d\r\n%b\r\n" % (len(part), part))
    return b"".join(out)


class Redis:
    """A connection to `unix:///path` or `redis://host:port`."""

    def __init__(self, url):
        parts = urlsplit(url)
        if parts.scheme == "unix":
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(parts.path)
        elif parts.scheme == "redis":
            self.socket = socket.create_connection((parts.hostname, parts.port or 6379))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            raise SystemExit(f"cannot connect to `{url}`: neither unix:// nor redis://")
        self.file = self.socket.makefile("rb", RECEIVE_BUFFER)
        # Random, so that no payload can hold it by accident.
        self.mark = os.urandom(12).hex().encode()
        self.sentinel = pack(b"ECHO", self.mark)
        self.buffer = bytearray(RECEIVE_BUFFER)
        # The end of the last chunk, one byte shorter than a sentinel, so that none is counted twice.
        self.carry = b""
        self.awaited = self.seen = 0

    def call(self, *parts):
        """Sends one command and parses its reply. Not to be mixed with unread `drain`s."""
        self.socket.sendall(pack(*parts))
        return self.reply()

    def reply(self):
        """Parses one reply; an error reply is raised."""
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            raise RuntimeError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self.file.read(size + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        raise RuntimeError(f"not a reply: {line[:80]!r}")

    def drain(self, sentinels=1, inspect=None):
        """Receives until `sentinels` sentinel replies went by; returns how many bytes that were.

        Nothing is parsed and nothing is kept but the few bytes in which a sentinel may be split,
        so that the time is the kernel's and the server's. Sentinels beyond the asked ones, which
        came in the same chunk, count for the next call. `inspect` sees each chunk.
        """
        keep = len(self.mark) - 1
        buffer, view, total = self.buffer, memoryview(self.buffer), 0
        self.awaited += sentinels
        while self.seen < self.awaited:
            head = len(self.carry)
            buffer[:head] = self.carry
            size = self.socket.recv_into(view[head:])
            if size == 0:
                raise RuntimeError("the server closed the connection")
            total += size
            end = head + size
            self.seen += buffer.count(self.mark, 0, end)
            if inspect is not None:
                inspect(bytes(view[:end]))
            self.carry = bytes(view[max(0, end - keep) : end])
        return total
