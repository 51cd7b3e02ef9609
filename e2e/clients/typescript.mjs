// The official TypeScript client, its newest line, on the revision that is named. With a third argument (accept, decline, cancel) somebody is there who answers
// so to every question; what they were asked is told beside the result, as asked.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { drive } from './driver.mjs';

const [url, revision, action] = process.argv.slice(2);
let asked = [];

await drive(async () => {
  const client = new Client(
    { name: 'sluice-e2e-typescript', version: '1.0.0' },
    {
      ...(revision === '2026-07-28' ? { versionNegotiation: { mode: { pin: revision } } } : {}),
      ...(action ? { capabilities: { elicitation: { form: {} } } } : {}),
    },
  );
  if (action) {
    client.setRequestHandler('elicitation/create', async (request) => {
      asked.push(request.params.message);
      return action === 'accept' ? { action, content: {} } : { action };
    });
  }
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return {
    revision: client.getNegotiatedProtocolVersion(),
    listTools: async () => (await client.listTools()).tools,
    callTool: async (name, args) => {
      asked = [];
      const result = await client.callTool({ name, arguments: args });
      return action ? { ...result, asked } : result;
    },
    close: () => client.close(),
  };
});
