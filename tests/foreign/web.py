# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations of the web."""

import asyncio
import socket
import threading

from stage import conversation

NGINX = """
daemon off; master_process off; pid %(folder)s/nginx.pid; error_log %(folder)s/error.log;
events { worker_connections 64; }
http {
    access_log off; default_type text/plain; gzip on; gzip_min_length 10; gzip_types *;
    client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi; uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    server {
        listen %(address)s:%(port)d%(options)s; root %(folder)s;
        location /proxied/ { proxy_pass http://%(address)s:%(port)d/; }
        %(tls)s
    }
}
"""


def serve_nginx(stage, port=80, tls=False):
    keys = ""
    if tls:
        stage.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                  "/CN=foreign.example", "-keyout", stage.path("key"), "-out",
                  stage.path("certificate"), "-days", 2)
        keys = ("ssl_certificate certificate; ssl_certificate_key key; "
                "ssl_protocols TLSv1.2 TLSv1.3;")
    config = stage.write("nginx%d.conf" % port, NGINX % {
        "folder": stage.folder, "address": stage.address, "port": port, "tls": keys,
        "options": " ssl http2" if tls else ""})
    stage.text()
    stage.fill()
    stage.serve("nginx", "-p", stage.folder, "-c", config, port=port)


def post_in_lines(client, size=300):
    """A request whose lines come in segments of their own, as some libraries write them."""
    for line in ("POST / HTTP/1.1\r\n", "Host: foreign.example\r\n",
                 "Content-Type: application/octet-stream\r\n",
                 "Content-Length: %d\r\n" % size, "\r\n"):
        client.send(line)
    client.send(b"\x01\x2c\x00" * (size // 3))
    client.until("</html>")
    client.close()


@conversation("nginx-light", "curl")
def http(stage):
    serve_nginx(stage)
    url = "http://%s/" % stage.address
    stage.run("curl", "-s", "--compressed", url + "text.txt", url + "content", url + "missing")
    stage.run("curl", "-s", "-I", url + "text.txt")
    stage.run("curl", "-s", "-r", "100-200", url + "content")
    stage.run("curl", "-s", "-0", url + "proxied/text.txt")
    stage.run("curl", "-s", "-X", "POST", "--data-binary", "@content", url)
    stage.run("curl", "-s", "-H", "Transfer-Encoding: chunked", "-T", "content", url + "put")
    post_in_lines(stage.connect(80))


@conversation("nghttp2-server", "nghttp2-client")
def http2(stage):
    stage.text()
    stage.fill()
    stage.serve("nghttpd", "--no-tls", "-a", stage.address, "-d", stage.folder, 8088, port=8088)
    url = "http://%s:8088/" % stage.address
    stage.run("nghttp", "-n", url + "text.txt", url + "content")
    stage.run("nghttp", "-n", "-u", url + "text.txt")


@conversation("nginx-light", "curl", "openssl")
def tls(stage):
    serve_nginx(stage, 443, tls=True)
    for version in ("1.2", "1.3"):
        stage.run("curl", "-s", "-k", "--tlsv" + version, "--tls-max", version,
                  "https://%s/text.txt" % stage.address, "https://%s/content" % stage.address)
    stage.run("curl", "-s", "-k", "--http1.1", "https://%s/text.txt" % stage.address)


@conversation("tinyproxy", "nginx-light", "curl", "openssl")
def http_proxy(stage):
    serve_nginx(stage, 8000)
    serve_nginx(stage, 8443, tls=True)
    config = stage.write("tinyproxy.conf", "Port 8080\nListen %s\nTimeout 60\nMaxClients 20\n"
                         "Allow 127.0.0.0/8\nLogFile \"%s\"\n" % (
                             stage.address, stage.path("tinyproxy.log")))
    stage.serve("tinyproxy", "-d", "-c", config, port=8080)
    proxy = "http://%s:8080" % stage.address
    stage.run("curl", "-s", "-x", proxy, "http://%s:8000/text.txt" % stage.address)
    stage.run("curl", "-s", "-x", proxy, "-p", "http://%s:8000/content" % stage.address)
    stage.run("curl", "-s", "-k", "-x", proxy, "https://%s:8443/text.txt" % stage.address)


@conversation("microsocks", "nginx-light", "curl", "openssl")
def socks(stage):
    serve_nginx(stage, 8000)
    serve_nginx(stage, 8443, tls=True)
    stage.serve("microsocks", "-i", stage.address, "-p", 1080, port=1080)
    for kind in ("--socks5", "--socks5-hostname"):
        stage.run("curl", "-s", kind, stage.address + ":1080",
                  "http://%s:8000/text.txt" % stage.address)
    stage.run("curl", "-s", "-k", "--socks5", stage.address + ":1080",
              "https://%s:8443/content" % stage.address)
    stage.run("curl", "-s", "-X", "POST", "--data-binary", "@text.txt", "--socks5",
              stage.address + ":1080", "http://%s:8000/" % stage.address)
    client = stage.connect(1080)
    client.send(b"\5\1\0").exactly(2)
    client.send(b"\5\1\0\1" + socket.inet_aton(stage.address) + (8000).to_bytes(2, "big"))
    client.exactly(10)
    post_in_lines(client)


@conversation("python3-websockets")
def websocket(stage):
    import websockets

    async def echo(connection, _path=None):
        async for message in connection:
            await connection.send(message)

    async def talk():
        async with websockets.serve(echo, stage.address, 8081):
            async with websockets.connect("ws://%s:8081/chat" % stage.address) as client:
                for message in ("hello", b"\1\0\2" * 50, "x" * 70000):
                    await client.send(message)
                    assert await client.recv() == message
                await (await client.ping())

    asyncio.run(talk())


@conversation("python3-grpcio")
def grpc(stage):
    import grpc as library
    from concurrent.futures import ThreadPoolExecutor

    def stream(request, _context):
        for i in range(5):
            yield request * (i + 1)

    handlers = library.method_handlers_generic_handler("test.Echo", {
        "Unary": library.unary_unary_rpc_method_handler(lambda request, _: request),
        "Stream": library.unary_stream_rpc_method_handler(stream)})
    server = library.server(ThreadPoolExecutor(4), handlers=(handlers,))
    server.add_insecure_port("%s:50051" % stage.address)
    server.start()
    with library.insecure_channel("%s:50051" % stage.address) as channel:
        unary = channel.unary_unary("/test.Echo/Unary")
        for size in (0, 20, 3000):
            assert len(unary(b"\x0a" * size, timeout=60)) == size
        assert len(list(channel.unary_stream("/test.Echo/Stream")(b"\x12\x03abc",
                                                                  timeout=60))) == 5
    server.stop(None).wait()


@conversation("gir1.2-gst-rtsp-server-1.0", "python3-gst-1.0", "gstreamer1.0-plugins-base",
              "gstreamer1.0-plugins-good")
def rtsp(stage):
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address(stage.address)
    server.set_service("554")
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch("( audiotestsrc is-live=true ! mulawenc ! rtppcmupay name=pay0 )")
    server.get_mount_points().add_factory("/tone", factory)
    server.attach(None)
    loop = GLib.MainLoop()
    threading.Thread(target=loop.run, daemon=True).start()

    client = stage.connect(554)
    url = "rtsp://%s/tone" % stage.address

    def ask(number, method, target, *headers):
        lines = ["%s %s RTSP/1.0" % (method, target), "CSeq: %d" % number]
        return client.ask("\r\n".join(lines + list(headers)) + "\r\n\r\n", "\r\n\r\n").decode(
            "latin-1")

    ask(1, "OPTIONS", url)
    ask(2, "DESCRIBE", url, "Accept: application/sdp")
    answer = ask(3, "SETUP", url + "/stream=0",
                 "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
    session = next(line for line in answer.splitlines() if line.startswith("Session:"))
    ask(4, "PLAY", url, session.split(";")[0])
    client.exactly(4000)
    client.send("TEARDOWN %s RTSP/1.0\r\nCSeq: 5\r\n%s\r\n\r\n" % (url, session.split(";")[0]))
    client.until("CSeq: 5")
    client.close()
    loop.quit()
