"""Tornado's side of `websocket.sh`: a client for our server, then a server for our client."""

import asyncio
import subprocess
import sys

from tornado import httpclient, web, websocket

PROGRAM = sys.argv[1]


async def ask(address):
    url = f"ws://{address}/"
    socket = await websocket.websocket_connect(url, subprotocols=["other", "echo"], ping_interval=0.1, compression_options={})
    assert socket.selected_subprotocol == "echo"
    for message in ["grüß dich", b"\0" * 1_000_000, ""]:
        await socket.write_message(message, binary=isinstance(message, bytes))
        assert await socket.read_message() == message
    await asyncio.sleep(0.5)  # several pings, both ways
    await socket.write_message("close")
    assert await socket.read_message() is None
    assert (socket.close_code, socket.close_reason) == (4000, "as you wish")

    socket = await websocket.websocket_connect(url)
    socket.close(3000, "enough")
    assert await socket.read_message() is None

    for headers, status in [({}, 400), ({"Origin": "http://elsewhere.example"}, 403)]:
        try:
            if status == 400:
                await httpclient.AsyncHTTPClient().fetch(f"http://{address}/", headers=headers)
            else:
                await websocket.websocket_connect(httpclient.HTTPRequest(url, headers=headers))
        except httpclient.HTTPClientError as error:
            assert error.code == status, error
        else:
            raise AssertionError(f"{status} was expected")
    print("Tornado's client, this server: as expected", flush=True)


class Echo(websocket.WebSocketHandler):
    def select_subprotocol(self, subprotocols):
        return "echo" if "echo" in subprotocols else None

    def on_message(self, message):
        if message == "close":
            self.close(4000, "as you wish")
        else:
            self.write_message(message, binary=isinstance(message, bytes))


async def main():
    server = subprocess.Popen([PROGRAM], stdout=subprocess.PIPE, text=True)
    try:
        await ask(server.stdout.readline().strip())
    finally:
        server.kill()
        server.wait()
    application = web.Application([("/", Echo)], websocket_ping_interval=0.1)
    listening = application.listen(0, "127.0.0.1")
    port = next(iter(listening._sockets.values())).getsockname()[1]
    client = await asyncio.create_subprocess_exec(PROGRAM, f"ws://127.0.0.1:{port}/")
    assert await client.wait() == 0


asyncio.run(asyncio.wait_for(main(), 30))
