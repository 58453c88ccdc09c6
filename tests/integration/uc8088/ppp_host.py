"""A host's PPP, by hand: frames (RFC 1662), LCP, IPCP, and a UDP datagram in an IP packet."""

import socket
import struct

LCP, IPCP, IP = 0xC021, 0x8021, 0x0021
REQUEST, ACK, NAK, REJECT, TERMINATE, TERMINATE_ACK = range(1, 7)


def fcs(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    return value ^ 0xFFFF


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def frame(protocol, packet):
    data = b"\xff\x03" + struct.pack(">H", protocol) + packet
    data += struct.pack("<H", fcs(data))
    escaped = b"".join(bytes([0x7D, byte ^ 0x20]) if byte in (0x7D, 0x7E) or byte < 0x20 else bytes([byte])
                       for byte in data)
    return b"\x7e" + escaped + b"\x7e"


class PppHost:
    def __init__(self, host):
        self.host = host
        self.address = None
        self.peer = None

    def send(self, protocol, packet):
        self.host.send(frame(protocol, packet))

    def control(self, protocol, code, number, data=b""):
        self.send(protocol, struct.pack(">BBH", code, number, 4 + len(data)) + data)

    def receive(self):
        """The next packet: protocol, bytes."""
        body = self.host.search(rb"\x7e?([^\x7e]+)\x7e").group(1)
        data, escaped = bytearray(), False
        for byte in body:
            if byte == 0x7D and not escaped:
                escaped = True
            else:
                data.append(byte ^ 0x20 if escaped else byte)
                escaped = False
        assert fcs(data[:-2]) == struct.unpack("<H", data[-2:])[0], body
        data = data[2:-2] if data[:2] == b"\xff\x03" else data[:-2]
        if data[0] & 1:
            return data[0], bytes(data[1:])
        return data[0] << 8 | data[1], bytes(data[2:])

    def expect(self, protocol, code):
        """The next packet of this kind; what the peer asks for meanwhile is granted."""
        while True:
            got, packet = self.receive()
            if got in (LCP, IPCP) and packet[0] == REQUEST:
                self.control(got, ACK, packet[1], packet[4:])
                if got == IPCP and b"\x03\x06" in packet:
                    place = packet.index(b"\x03\x06") + 2
                    self.peer = packet[place:place + 4]
            if got == protocol and packet[0] == code:
                return packet[4:struct.unpack(">H", packet[2:4])[0]]

    def bring_up(self):
        self.control(LCP, REQUEST, 1)
        self.expect(LCP, ACK)
        self.control(IPCP, REQUEST, 1, b"\x03\x06\0\0\0\0")
        offer = self.expect(IPCP, NAK)
        assert offer[:2] == b"\x03\x06"
        self.control(IPCP, REQUEST, 2, offer)
        self.expect(IPCP, ACK)
        if not self.peer:
            self.expect(IPCP, REQUEST)
        self.address = offer[2:6]

    def addresses(self):
        return socket.inet_ntoa(self.address), socket.inet_ntoa(self.peer)

    def send_udp(self, port, data):
        """To the modem's own address."""
        udp = struct.pack(">HHHH", 4000, port, 8 + len(data), 0) + data
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, self.address, self.peer)
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        self.send(IP, head + udp)

    def receive_udp(self):
        while True:
            protocol, packet = self.receive()
            if protocol == IP and packet[9] == 17:
                return packet[28:]

    def terminate(self):
        self.control(LCP, TERMINATE, 9)
        self.expect(LCP, TERMINATE_ACK)
