// The AI SDK's MCP client, whose tools are what generateText and streamText are given: called as those call them.
import { createMCPClient } from '@ai-sdk/mcp';
import { drive } from './driver.mjs';

const [url] = process.argv.slice(2);

await drive(async () => {
  const client = await createMCPClient({ transport: { type: 'http', url } });
  const listed = await client.listTools();
  const tools = client.toolsFromDefinitions(listed);
  return {
    revision: null,
    listTools: async () => listed.tools,
    callTool: (name, args) => tools[name].execute(args ?? {}, { toolCallId: 'call', messages: [] }),
    close: () => client.close(),
  };
});
