"""Slow uploads to `/v1/submissions`: one that gets on is waited for, one that stalls is not."""

import asyncio
import socket

import httpx
import pytest

from clawmarket.runtime.serving.http import BoundedHttp, build_server
from clawmarket.runtime.serving.patience import Patience
from rest.shop import Agent, Shop

CHUNK = b"a" * 5_000
CHUNKS = 40
EDGE = b"--edge\r\nContent-Disposition: form-data; "


class _Brisk(BoundedHttp):
    patience = Patience(body_s=0.01, stall_s=0.2, stall_bytes=1)


class _Stern(BoundedHttp):
    patience = Patience(body_s=0.01, stall_s=0.02)


def _claimed(shop: Shop) -> tuple[Agent, str]:
    buyer, worker = shop.registers("Employer"), shop.registers("Worker")
    task = buyer.posts()
    worker.post(f"/v1/tasks/{task['id']}/claim")
    return worker, task["id"]


def _form(task_id: str) -> tuple[bytes, bytes]:
    head = EDGE + b'name="task_id"\r\n\r\n' + task_id.encode() + b"\r\n"
    return head + EDGE + b'name="file"; filename="a.md"\r\n\r\n', b"\r\n--edge--\r\n"


async def _sends(shop: Shop, http: type[BoundedHttp], worker: Agent, task_id: str) -> bytes:
    """Send a form in pieces; with a stern market, stop in the middle of it."""
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = build_server(shop.app, http)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0)
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    first, last = _form(task_id)
    size = len(first) + CHUNKS * len(CHUNK) + len(last)
    said = {
        "Host": "127.0.0.1",
        "Content-Type": "multipart/form-data; boundary=edge",
        "Content-Length": str(size),
        **worker.headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    writer.write(b"POST /v1/submissions HTTP/1.1\r\n" + head.encode() + b"\r\n" + first)
    for _ in range(CHUNKS if http is _Brisk else 1):
        writer.write(CHUNK)
        await asyncio.sleep(0.002)
    if http is _Brisk:
        writer.write(last)
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    server.should_exit = True
    await serving
    return answer


@pytest.mark.parametrize(("http", "status", "kept"), [(_Brisk, b"201", 1), (_Stern, b"408", 0)])
def test_an_upload_is_waited_for_while_it_gets_on(
    shop: Shop, http: type[BoundedHttp], status: bytes, kept: int
) -> None:
    """Nothing is handed in of a form that did not come to its end."""
    worker, task_id = _claimed(shop)
    answer = shop.world.run(_sends(shop, http, worker, task_id))
    assert answer.startswith(b"HTTP/1.1 " + status)
    listed: httpx.Response = worker.ask("GET", f"/v1/tasks/{task_id}/submissions")
    assert len(listed.json()["data"]["items"]) == kept
