import pytest
from dx import BOOT, CONNECT, Far, connect, error, restart


@pytest.fixture
def start_modem(start_daemon):
    """A modem of this dialect, without echo; settings in keyword form: mqtt__host for mqtt.host."""

    def start(*options, echo=0, **settings):
        settings = {name.replace("__", ".").replace("dx.", "dx-ct11."): value for name, value in settings.items()}
        return start_daemon("--dialect", "dx-ct11", *options, settings={"port.echo": echo, **settings})

    return start


@pytest.fixture
def modem(start_modem):
    return start_modem()


@pytest.fixture
def open_booted(open_host):
    """A host that has read what the module said when it started."""

    def open_(modem, boot=BOOT):
        host = open_host(modem)
        host.expect(boot)
        return host

    return open_


@pytest.fixture
def host(modem, open_booted):
    return open_booted(modem)


@pytest.fixture
def online(broker, host):
    """A host whose modem is connected to the broker."""
    connect(host, broker)
    return host


@pytest.fixture
def far():
    """A TCP listener."""
    far = Far()
    yield far
    far.close()


@pytest.fixture
def simple(host):
    """A host in simple mode 1 that has been told so once."""
    restart(host, "AT+SIMPLEMODE=1,0")
    host.expect(error(104))
    return host


@pytest.fixture
def open_far():
    fars = []

    def open_(kind="TCP"):
        fars.append(Far(kind))
        return fars[-1]

    yield open_
    for far in fars:
        far.close()


@pytest.fixture
def link(host, far):
    """The far end's connection of link 3."""
    host.ask(f"AT+QIOPEN={far.target()}", CONNECT)
    return far.accept()
