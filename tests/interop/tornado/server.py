"""A Tornado server for this project's client, which `fetch.rs` asks. Prints its port, and serves until its input ends."""

import asyncio
import base64
import sys

import tornado.web
import tornado.websocket
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

CHUNK = b"0123456789abcdef" * 4096


class Hello(tornado.web.RequestHandler):
    def get(self):
        self.write("Hello, %s" % self.get_argument("name", "world"))

    head = get


class Echo(tornado.web.RequestHandler):
    def post(self):
        self.set_header("X-Method", self.request.method)
        self.set_header("X-Framing", self.request.headers.get("Transfer-Encoding", "length"))
        self.write(self.request.body)

    put = patch = delete = post


class Redirect(tornado.web.RequestHandler):
    def get(self):
        left = int(self.get_argument("left", "0"))
        if left:
            self.redirect("/redirect?left=%d" % (left - 1), status=int(self.get_argument("code", "302")))
        else:
            self.write("arrived by " + self.request.method)

    post = get


class Large(tornado.web.RequestHandler):
    async def get(self):
        for _ in range(int(self.get_argument("chunks", "80"))):
            self.write(CHUNK)
            await self.flush()


class Text(tornado.web.RequestHandler):
    def get(self):
        self.set_header("Content-Type", "text/plain")
        self.write("all work and no play\n" * 5000)


class Slow(tornado.web.RequestHandler):
    async def get(self):
        await asyncio.sleep(5)


class Auth(tornado.web.RequestHandler):
    def get(self):
        expected = "Basic " + base64.b64encode(b"ada:s3cret").decode()
        if self.request.headers.get("Authorization") != expected:
            self.set_status(401)
            self.set_header("WWW-Authenticate", 'Basic realm="here"')
            self.write("who are you?")
        else:
            self.write("welcome")


class Status(tornado.web.RequestHandler):
    def get(self, code):
        self.set_status(int(code))


class Port(tornado.web.RequestHandler):
    """Tells the client's port, so that two requests on one connection can be told from two on two."""

    def get(self):
        self.write(str(self.request.connection.context.address[1]))


class Broken(tornado.web.RequestHandler):
    """Promises more than it sends."""

    async def get(self):
        self.set_header("Content-Length", "100")
        self.write("only this")
        await self.flush()
        self.request.connection.stream.close()


class EchoSocket(tornado.websocket.WebSocketHandler):
    async def on_message(self, message):
        await self.write_message(message, binary=isinstance(message, bytes))


async def main():
    application = tornado.web.Application(
        [
            (r"/hello", Hello),
            (r"/echo", Echo),
            (r"/redirect", Redirect),
            (r"/large", Large),
            (r"/text", Text),
            (r"/slow", Slow),
            (r"/auth", Auth),
            (r"/status/([0-9]+)", Status),
            (r"/port", Port),
            (r"/broken", Broken),
            (r"/socket", EchoSocket),
        ],
        compress_response=True,
    )
    sockets = bind_sockets(0, "127.0.0.1")
    HTTPServer(application, max_body_size=64 * 1024 * 1024).add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
