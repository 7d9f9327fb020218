"""Ports for the servers that tests start."""
import random
import socket

# below those that the kernel gives to clients, which would take a port away
# before its server binds it
FIRST, LAST = 10240, 32767
ADDRESS = "127.0.0.1"
_reserved = []  # held until this program ends


def _reserve(port):
    """Keeps other programs of the suite from choosing this port."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0waxseal-test-port-{port}")
    except OSError:
        name.close()
        return False
    _reserved.append(name)
    return True


def _is_free(port):
    with socket.socket() as tcp, \
            socket.socket(type=socket.SOCK_DGRAM) as udp:
        try:
            tcp.bind((ADDRESS, port))
            udp.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def free_port():
    """A port that is free for TCP and UDP, and given to nobody else."""
    while True:
        port = random.randint(FIRST, LAST)
        if _is_free(port) and _reserve(port):
            return port
