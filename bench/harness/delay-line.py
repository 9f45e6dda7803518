"""A line between two network namespaces that takes time: two TUN devices, and packets that wait.

Usage: delay-line.py NAMESPACE NAMESPACE MS. Each packet arrives MS milliseconds after it was sent,
in order, and none is lost. Prints "ready" once both devices (tun0) are there; ends with its input.
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
MAX_PACKET = 65_536
# Packets on the way in one direction; more than any window of TCP needs.
MAX_WAITING = 20_000


def open_device(namespace):
    folder = os.open(f"/var/run/netns/{namespace}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(folder, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"no namespace {namespace}")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"tun0", IFF_TUN | IFF_NO_PI))
    return device


def main():
    ends = [open_device(namespace) for namespace in sys.argv[1:3]]
    delay = float(sys.argv[3]) / 1000
    print("ready", flush=True)
    other = {ends[0]: ends[1], ends[1]: ends[0]}
    waiting = collections.deque()
    while True:
        timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([*ends, sys.stdin], [], [], timeout)
        if sys.stdin in readable and not os.read(sys.stdin.fileno(), 1):
            return
        now = time.monotonic()
        for device in readable:
            if device == sys.stdin:
                continue
            try:
                while len(waiting) < MAX_WAITING:
                    waiting.append((now + delay, other[device], os.read(device, MAX_PACKET)))
            except BlockingIOError:
                pass
        while waiting and waiting[0][0] <= now:
            _, device, packet = waiting.popleft()
            try:
                os.write(device, packet)
            except OSError:
                # The other end is not up (yet): the packet is lost, as on any line.
                pass


main()
