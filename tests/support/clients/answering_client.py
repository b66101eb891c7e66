"""The official Python client as one that can be asked: calls a tool of a URL in legacy mode and answers each form with the same.

Prints one JSON object: the text of the result, and what was asked.
"""

import asyncio
import json
import sys

import mcp_types as types
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client


async def main():
    setting = json.loads(sys.argv[1])
    asked = []

    async def elicit(context, params):
        asked.append(params.message)
        return types.ElicitResult(action="accept", content=setting["content"])

    transport = streamable_http_client(setting["url"])
    async with Client(transport, mode="legacy", elicitation_callback=elicit) as client:
        result = await client.call_tool(setting["name"], setting["arguments"])
        print(json.dumps({"text": "\n".join(block.text for block in result.content), "asked": asked}))


asyncio.run(main())
