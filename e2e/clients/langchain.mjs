// LangChain.js: its adapter makes each MCP tool one of LangChain's, which is then invoked as an agent does.
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { drive } from './driver.mjs';

const [url] = process.argv.slice(2);

await drive(async () => {
  const client = new MultiServerMCPClient({
    mcpServers: { sluice: { transport: 'http', url, automaticSSEFallback: false } },
    throwOnLoadError: true,
  });
  const tools = new Map((await client.getTools()).map((tool) => [tool.name, tool]));
  return {
    revision: null,
    listTools: async () =>
      [...tools.values()].map((tool) => ({
        name: tool.name,
        description: tool.description,
        inputSchema: tool.schema,
        annotations: tool.metadata?.annotations ?? {},
      })),
    // The model is shown the text; a tool's error is thrown.
    callTool: async (name, args) => ({ content: [{ type: 'text', text: await tools.get(name).invoke(args ?? {}) }], isError: false }),
    close: () => client.close(),
  };
});
