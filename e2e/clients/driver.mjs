// What every client here is driven by: lines of JSON. Each line on standard input is {"method": "tools/list"} or {"method": "tools/call", "name": …,
// "arguments": …}, and is answered with one line {"result": …} or {"error": {"code": …, "message": …}}. The first line written says what was connected
// to. One process serves a whole conversation, as a real client does, and ends with its input.
import { createInterface } from 'node:readline';

const write = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const refused = (error) => write({ error: { code: error.code, message: String(error.message ?? error) } });

// drive connects by connect(), which answers {revision, listTools, callTool, close}, and serves until there is no more input. revision is null where
// the client does not tell what it agreed on.
export async function drive(connect) {
  let client;
  try {
    client = await connect();
  } catch (error) {
    refused(error);
    process.exit(1);
  }
  write({ result: { revision: client.revision } });
  for await (const line of createInterface({ input: process.stdin })) {
    const { method, name, arguments: args } = JSON.parse(line);
    try {
      switch (method) {
        case 'tools/list':
          write({ result: { tools: await client.listTools() } });
          break;
        case 'tools/call':
          write({ result: await client.callTool(name, args) });
          break;
        default:
          write({ error: { message: `the driver has no method ${method}` } });
      }
    } catch (error) {
      refused(error);
    }
  }
  await client.close();
}
