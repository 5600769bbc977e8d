"""What `a2a_send` is measured against: the SDK's own server around an agent that says hello."""

import socket
import sys

import uvicorn
from a2a.helpers import new_text_message
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from starlette.applications import Starlette


class Hello(AgentExecutor):
    """Answers each message with one."""

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Say hello."""
        said = new_text_message("Hello World", context_id=context.context_id)
        await event_queue.enqueue_event(said)

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Refuse: there is nothing to take back."""
        raise NotImplementedError


def serve() -> None:
    """Serve on a free port of the loopback address and print which."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    card = AgentCard(
        name="Hello",
        description="Says hello.",
        version="1.0.0",
        default_input_modes=["text"],
        default_output_modes=["text"],
        capabilities=AgentCapabilities(streaming=True),
        supported_interfaces=[
            AgentInterface(url=f"{url}/a2a", protocol_binding="JSONRPC", protocol_version="1.0")
        ],
        skills=[AgentSkill(id="hello", name="Hello", description="Says hello.", tags=["hello"])],
    )
    handler = DefaultRequestHandler(Hello(), InMemoryTaskStore(), card)
    app = Starlette(routes=create_jsonrpc_routes(handler, "/a2a"))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    server.run(sockets=[listener])


if __name__ == "__main__":
    serve()
