"""Tornado's client against this project's server, that of `serve.rs`. Its argument is the server's address."""

import asyncio
import sys

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.iostream import IOStream
from tornado.simple_httpclient import HTTPTimeoutError
from tornado.websocket import websocket_connect

BASE = sys.argv[1]
CHECKS = []


def check(coroutine):
    CHECKS.append(coroutine)
    return coroutine


async def status_of(client, *args, **kwargs):
    try:
        return (await client.fetch(*args, **kwargs)).code
    except HTTPClientError as error:
        return error.code


@check
async def plain(client):
    response = await client.fetch(BASE + "/hello?name=Ada%20L.")
    assert response.body == b"Hello, Ada L.", response.body
    assert response.headers["Content-Type"].startswith("text/html")
    head = await client.fetch(BASE + "/hello", method="HEAD")
    assert (head.body, head.headers["Content-Length"]) == (b"", "12"), head.headers


@check
async def methods_and_bodies(client):
    for method in ["POST", "PUT", "PATCH", "DELETE"]:
        body = b"\x00binary\xff" * 1000
        response = await client.fetch(BASE + "/echo", method=method, body=body, allow_nonstandard_methods=True)
        assert (response.headers["X-Method"], response.body) == (method, body)


@check
async def chunked_upload(client):
    async def producer(write):
        for number in range(100):
            await write(b"%04d" % number * 1000)

    response = await client.fetch(BASE + "/echo", method="POST", body_producer=producer)
    assert len(response.body) == 400_000 and response.body.endswith(b"0099")
    assert response.headers["X-Framing"] == "chunked", response.headers


@check
async def redirects(client):
    response = await client.fetch(BASE + "/redirect?left=3")
    assert response.effective_url.endswith("left=0"), response.effective_url
    assert await status_of(client, BASE + "/redirect?left=3", follow_redirects=False) == 302
    response = await client.fetch(BASE + "/redirect?left=1&code=307", method="POST", body="kept")
    assert response.body == b"arrived by POST", response.body
    response = await client.fetch(BASE + "/redirect?left=1&code=303", method="POST", body="dropped")
    assert response.body == b"arrived by GET", response.body


@check
async def large_chunked_body(client):
    sizes = []
    await client.fetch(BASE + "/large", streaming_callback=lambda chunk: sizes.append(len(chunk)))
    assert sum(sizes) == 80 * 65536, sum(sizes)


@check
async def gzip(client):
    response = await client.fetch(BASE + "/text")
    assert response.body == b"all work and no play\n" * 5000
    assert response.headers["X-Consumed-Content-Encoding"] == "gzip", response.headers
    response = await client.fetch(BASE + "/text", decompress_response=False)
    assert "Content-Encoding" not in response.headers


@check
async def timeouts(client):
    try:
        await client.fetch(BASE + "/slow", request_timeout=0.3)
    except HTTPTimeoutError:
        return
    raise AssertionError("no timeout")


@check
async def auth(client):
    assert await status_of(client, BASE + "/auth") == 401
    response = await client.fetch(BASE + "/auth", auth_username="ada", auth_password="s3cret")
    assert response.body == b"welcome"


@check
async def errors(client):
    assert await status_of(client, BASE + "/nowhere") == 404
    assert await status_of(client, BASE + "/hello", method="DELETE") == 405
    assert await status_of(client, BASE + "/status/418") == 418
    assert await status_of(client, BASE + "/fails") == 500
    response = await client.fetch(BASE + "/status/204")
    assert (response.code, response.body) == (204, b"")
    response = await client.fetch(BASE + "/hello")
    assert response.code == 200, "the next request works"


@check
async def hundred_continue(client):
    request = HTTPRequest(BASE + "/echo", method="POST", body=b"x" * 100_000, expect_100_continue=True)
    assert len((await client.fetch(request)).body) == 100_000
    # Refused before the body is sent.
    request = HTTPRequest(BASE + "/small", method="POST", body=b"x" * 100_000, expect_100_continue=True)
    assert await status_of(client, request) == 413


@check
async def keep_alive_and_pipelining(client):
    import socket

    host, port = BASE.removeprefix("http://").split(":")
    stream = IOStream(socket.socket())
    await stream.connect((host, int(port)))
    ask = "GET /hello?name=%d HTTP/1.1\r\nHost: here\r\n\r\n"
    await stream.write("".join(ask % number for number in range(20)).encode())
    for number in range(20):
        head = await stream.read_until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        expected = b"Hello, %d" % number
        assert await stream.read_bytes(len(expected)) == expected
    stream.close()


@check
async def many_at_once(client):
    responses = await asyncio.gather(*(client.fetch(BASE + "/hello?name=%d" % n) for n in range(200)))
    assert [r.body for r in responses] == [b"Hello, %d" % n for n in range(200)]


@check
async def websocket(client):
    socket = await websocket_connect(BASE.replace("http", "ws") + "/socket")
    for message in ["text", "ü" * 70_000, b"\x00\xff" * 70_000]:
        await socket.write_message(message, binary=isinstance(message, bytes))
        assert await socket.read_message() == message
    socket.close(1000, "enough")
    assert await socket.read_message() is None
    assert socket.close_code == 1000, socket.close_code


async def main():
    client = AsyncHTTPClient(max_clients=50)
    for coroutine in CHECKS:
        await asyncio.wait_for(coroutine(client), 20)
        print("  Tornado's client:", coroutine.__name__.replace("_", " "))


asyncio.run(main())
