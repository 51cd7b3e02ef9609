// The official TypeScript client's own sign-in. It writes {"authorize": URL}, waits for a line {"back": URL} with the address that the browser was sent back to,
// signs in, and from then on is driven like the others.
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { drive } from './driver.mjs';

const [url, redirect] = process.argv.slice(2);

// kept is what a client keeps between two starts.
const kept = {};
let opened;
const provider = {
  redirectUrl: redirect,
  clientMetadata: {
    client_name: 'TypeScript client', redirect_uris: [redirect], token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
  },
  state: () => (kept.state ??= crypto.randomUUID()),
  clientInformation: () => kept.client,
  saveClientInformation: (client) => { kept.client = client; },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  redirectToAuthorization: (address) => { opened = address; },
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  codeVerifier: () => kept.verifier,
  saveDiscoveryState: (state) => { kept.discovery = state; },
  discoveryState: () => kept.discovery,
};

await drive(async () => {
  const connect = async () => {
    const client = new Client({ name: 'sluice-e2e-typescript', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
    try {
      await client.connect(transport);
      return { client };
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || !opened) throw error;
      return { transport };
    }
  };
  const first = await connect();
  if (!first.transport) throw new Error('the client connected without signing in');
  process.stdout.write(JSON.stringify({ authorize: String(opened) }) + '\n');
  const lines = createInterface({ input: process.stdin });
  const [line] = await once(lines, 'line');
  const back = new URL(JSON.parse(line).back);
  if (back.searchParams.get('state') !== kept.state) throw new Error('the state is another');
  await first.transport.finishAuth(back.searchParams);
  const { client } = await connect();
  if (!client) throw new Error('the client is asked to sign in again');
  // Refreshing is the client's own, too: the access token is forgotten, the refresh token is not.
  kept.tokens = { ...kept.tokens, access_token: 'sla_forgotten' };
  lines.on('line', () => {}); // the driver reads from here on; what comes before it is asked for does not
  lines.pause();
  return {
    revision: client.getNegotiatedProtocolVersion(),
    listTools: async () => (await client.listTools()).tools,
    callTool: (name, args) => client.callTool({ name, arguments: args }),
    close: () => client.close(),
  };
});
