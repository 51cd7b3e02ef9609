// The official TypeScript client, driven over lines of JSON: each line on standard input is {"method": "tools/list"} or {"method": "tools/call",
// "name": …, "arguments": …}, and is answered with one line {"result": …} or {"error": {"code": …, "message": …}}. The first line says what was
// connected to. One process serves a whole conversation, as a real client does.
import { createInterface } from 'node:readline';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const [url, revision] = process.argv.slice(2);
const write = (line) => process.stdout.write(JSON.stringify(line) + '\n');

const client = new Client(
  { name: 'sluice-e2e-typescript', version: '1.0.0' },
  revision === '2026-07-28' ? { versionNegotiation: { mode: { pin: revision } } } : {},
);
try {
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
} catch (error) {
  write({ error: { code: error.code, message: String(error.message ?? error) } });
  process.exit(1);
}
write({ result: { revision: client.getNegotiatedProtocolVersion(), server: client.getServerVersion(), instructions: client.getInstructions() } });

for await (const line of createInterface({ input: process.stdin })) {
  const { method, name, arguments: args } = JSON.parse(line);
  try {
    switch (method) {
      case 'tools/list':
        write({ result: await client.listTools() });
        break;
      case 'tools/call':
        write({ result: await client.callTool({ name, arguments: args }) });
        break;
      default:
        write({ error: { message: `the driver has no method ${method}` } });
    }
  } catch (error) {
    write({ error: { code: error.code, message: String(error.message ?? error) } });
  }
}
await client.close();
