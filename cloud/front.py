"""One port for MQTT with and without TLS, as the platform has it: the first byte of a connection
tells to which of the broker's ports it goes."""

import asyncio
import contextlib
import socket
import threading

TLS_HANDSHAKE = b"\x16"  # the first record of a TLS client; MQTT begins with CONNECT, 0x10
PATIENCE = 30.0  # seconds for the first byte
PIECE = 65536


class Front:
    """host may be a name or an address; the broker's ports are on it, too."""

    def __init__(self, host, port, plain_port, tls_port):
        self._broker = host, plain_port, tls_port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=128)
        self.port = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._end = asyncio.Event()

    def start(self):
        self._thread.start()

    def stop(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()
        self._loop.close()
        self._socket.close()

    def _run(self):
        self._loop.run_until_complete(self._serve())

    async def _serve(self):
        server = await asyncio.start_server(self._connected, sock=self._socket)
        await self._end.wait()
        server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _connected(self, reader, writer):
        # Either side may go whenever it likes: then the other one is let go, too.
        with contextlib.closing(writer), contextlib.suppress(OSError):
            first = await asyncio.wait_for(reader.read(1), PATIENCE)
            if not first:
                return
            host, plain_port, tls_port = self._broker
            port = tls_port if first == TLS_HANDSHAKE else plain_port
            from_broker, to_broker = await asyncio.open_connection(host, port)
            with contextlib.closing(to_broker):
                to_broker.write(first)
                await self._relay((reader, to_broker), (from_broker, writer))

    @staticmethod
    async def _relay(*ways):
        tasks = [asyncio.ensure_future(Front._copy(*way)) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    async def _copy(reader, writer):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
