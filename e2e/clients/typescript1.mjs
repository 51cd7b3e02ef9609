// The official TypeScript client, its 1.x line, which most of what is in the field is built on: over Streamable HTTP on the revision that is named, or
// over HTTP+SSE where that is 2024-11-05. The line always asks for its newest revision; so that it speaks as its earlier releases did, which asked for
// theirs, the one in its initialize is replaced on the way out.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { drive } from './driver.mjs';

const [url, revision] = process.argv.slice(2);

await drive(async () => {
  const transport = revision === '2024-11-05' ? new SSEClientTransport(new URL(url)) : new StreamableHTTPClientTransport(new URL(url));
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    if (message.method === 'initialize') message.params.protocolVersion = revision;
    return send(message, options);
  };
  // What was agreed on is told to the transport alone, which then names it in a header.
  let agreed = null;
  const tell = transport.setProtocolVersion.bind(transport);
  transport.setProtocolVersion = (version) => tell((agreed = version));

  const client = new Client({ name: 'sluice-e2e-typescript1', version: '1.0.0' });
  await client.connect(transport);
  return {
    revision: agreed,
    listTools: async () => (await client.listTools()).tools,
    callTool: (name, args) => client.callTool({ name, arguments: args }),
    close: () => client.close(),
  };
});
