"""A Python client of 2024-11-05, `mcp` 1.6: connects by HTTP with SSE, lists (the first page), and calls one tool.

Prints one JSON object: the names in each list, and the types of the content of the result.
"""

import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client.sse import sse_client


async def main():
    setting = json.loads(sys.argv[1])
    async with sse_client(setting["url"]) as streams, ClientSession(*streams) as session:
        begun = await session.initialize()
        result = await session.call_tool(setting["call"], {})
        print(
            json.dumps(
                {
                    "version": begun.protocolVersion,
                    "tools": [tool.name for tool in (await session.list_tools()).tools],
                    "prompts": [prompt.name for prompt in (await session.list_prompts()).prompts],
                    "resources": [str(resource.uri) for resource in (await session.list_resources()).resources],
                    "content": [block.type for block in result.content],
                }
            )
        )


asyncio.run(main())
