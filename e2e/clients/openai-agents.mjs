// The OpenAI Agents SDK's MCP server over Streamable HTTP: what an Agent is given as mcpServers, called as its runner calls it.
import { MCPServerStreamableHttp } from '@openai/agents';
import { drive } from './driver.mjs';

const [url] = process.argv.slice(2);

await drive(async () => {
  const server = new MCPServerStreamableHttp({ url, name: 'sluice' });
  await server.connect();
  return {
    revision: null,
    listTools: () => server.listTools(),
    callTool: (name, args) => server.callToolResult(name, args),
    close: () => server.close(),
  };
});
