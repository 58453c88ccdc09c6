"""What the tests of the dialect aliyun-wifi share."""

from bench import OK, line
from cloud_device import DEVICE_NAME, PRODUCT_KEY, SECRET

CLOUD = f"{PRODUCT_KEY}.iot-as-mqtt.cn-shanghai.aliyuncs.com"

PARAMETER = line("ERROR: Error parameter.")


def cme(text):
    """An action's failure: two lines, framed each."""
    return line(f"+CME ERROR:{text}") + line("FAIL")


INVALID = cme("invalid parameter")
NOT_CONNECTED = cme("not connected")
CONNECT_FAILED = cme(" connect failed, please check network status and variables like url, "
                     "produt_key, device_name, device_secret")


def connect_to(host, port, family="IMQTT", name="127.0.0.1"):
    """A session without TLS on a plain broker."""
    host.ask(f"AT+{family}PARA=TLS,0", OK)
    host.ask(f"AT+{family}CONN={name},{port}", f"+{family}STATE:1", OK)


def connect_to_cloud(host, family="IDM"):
    """Device one at the stand-in that mqtt.host names."""
    host.ask(f"AT+{family}AUTH={PRODUCT_KEY},{DEVICE_NAME},{SECRET}", OK)
    host.ask(f"AT+{family}CONN={CLOUD},443", f"+{family}STATE:1", OK)


def at_cloud(cloud, pki):
    """Settings that lead there, in keyword form."""
    return {"mqtt__host": "127.0.0.1", "mqtt__port": cloud.ports["mqtt"], "mqtt__ca_file": pki / "ca.pem",
            "http__uri": cloud.url(""), "http__ca_file": pki / "ca.pem"}


# ---- OTA ----


def crc16(data, polynomial, start, reflected):
    """Any CRC-16, bit by bit."""
    crc = start
    for byte in data:
        if reflected:
            byte = int(f"{byte:08b}"[::-1], 2)
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ polynomial if crc & 0x8000 else crc << 1) & 0xffff
    return int(f"{crc:016b}"[::-1], 2) if reflected else crc


def arc(data):
    return crc16(data, 0x8005, 0, True)


def offer(cloud, host, content, version="2.0.0", module="MCU", **members):
    """An image is there, the MCU reports an older version and hears of it."""
    cloud.host(version, content, module=module, **members)
    host.ask("AT+IOTAVER=1.0.0", OK, f"+IOTASTATE:0,{version},{len(content)}")


def download(host, size, version="2.0.0"):
    host.ask("AT+IOTASTART=1", OK, *(f"+IOTASTATE:{state},{version},{size}" for state in (1, 2, 5)))


def frame(host, number, checksum=arc):
    """The bytes of a frame."""
    host.send(f"AT+IOTASTX={number}\r")
    match = host.search(rf"^\r\n\+IOTASTX:{number},(\d+),(\d+),")
    data = host.read(int(match.group(1)))
    host.expect(b"\r\n", OK)
    assert checksum(data) == int(match.group(2))
    return data
