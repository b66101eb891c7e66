"""The official Python client, for the tests: makes a connection by `mcp` and does what it is told, line by line.

Reads one JSON object per line: `{"do": "call", "name": …, "arguments": …}`, `{"do": "expire"}`, `{"do": "end"}`, and answers
each with one. When a person has to sign in it says `{"authorize": url}` and reads the parameters of the redirect.
"""

import asyncio
import json
import sys
import time

import httpx2
from mcp.client import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata


def send(message):
    print(json.dumps(message), flush=True)


async def receive():
    line = await asyncio.to_thread(sys.stdin.readline)
    if not line:
        sys.exit(0)
    return json.loads(line)


class Memory:
    """Where the client keeps what it is given."""

    def __init__(self, client):
        self.tokens = None
        self.client = client

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


async def redirect(url):
    send({"authorize": url})


async def callback():
    answer = await receive()
    return AuthorizationCodeResult(code=answer["code"], state=answer.get("state"), iss=answer.get("iss"))


async def main():
    setting = json.loads(sys.argv[1])
    known = setting.get("client")
    memory = Memory(OAuthClientInformationFull.model_validate(known) if known else None)
    metadata = OAuthClientMetadata(
        client_name="Behaviour tests (Python)",
        redirect_uris=[setting["redirect_uri"]],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="none",
    )
    auth = OAuthClientProvider(
        server_url=setting["url"],
        client_metadata=metadata,
        storage=memory,
        redirect_handler=redirect,
        callback_handler=callback,
        client_metadata_url=setting.get("client_metadata_url"),
    )
    async with httpx2.AsyncClient(auth=auth, timeout=30) as http:
        async with Client(streamable_http_client(setting["url"], http_client=http), mode=setting["mode"]) as client:
            send({"connected": True})
            while True:
                order = await receive()
                if order["do"] == "end":
                    break
                if order["do"] == "expire":
                    auth.context.token_expiry_time = time.time() - 1
                    send({"done": True})
                    continue
                try:
                    result = await client.call_tool(order["name"], order["arguments"])
                    text = "\n".join(block.text for block in result.content if block.type == "text")
                    tokens = memory.tokens.model_dump(mode="json") if memory.tokens else None
                    send({
                        "text": text,
                        "error": bool(getattr(result, "is_error", False)),
                        "tokens": tokens,
                        "client_id": memory.client.client_id if memory.client else None,
                    })
                except Exception as error:
                    send({"raised": f"{type(error).__name__}: {error}"})


asyncio.run(main())
