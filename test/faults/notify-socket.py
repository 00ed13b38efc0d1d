"""A stand-in for systemd: prints every sd_notify(3) message that comes to the datagram socket of its first argument, a line each."""
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("listening", flush=True)
while True:
    for line in receiver.recv(65536).decode().splitlines():
        print(line, flush=True)
