// Half a request: whoever gave up on the way, the client is told to send it again, and the server stands.

import { connect } from 'node:net';
import { once } from 'node:events';

import { expect, it } from 'vitest';

import { ROUTES } from '../../src/shared/replication/routes.ts';
import { call, refusalOf, startTestServer } from '../support/sync-server.ts';

const HEAD = `POST ${ROUTES.signUp} HTTP/1.1\r\nhost: x\r\ncairn-protocol: 1\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n`;

async function answerTo(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(bytes);
  let text = '';
  socket.on('data', (piece: Buffer) => (text += piece.toString('utf8')));
  await once(socket, 'close');
  return text;
}

it.each([
  { name: 'a head', bytes: HEAD.slice(0, 40), code: 'unavailable' },
  { name: 'a body', bytes: `${HEAD}{"email":`, code: 'unavailable' },
  { name: 'no request at all', bytes: 'GARBAGE\r\n\r\n', code: 'bad-request' },
])('answers $name with $code, and goes on', async ({ bytes, code }) => {
  await using server = await startTestServer();

  const text = await answerTo(server.server.port, bytes);

  const body: unknown = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));
  expect(refusalOf({ status: 0, json: body, bytes: Buffer.alloc(0), headers: new Headers() }).code).toBe(code);
  expect((await call(server.address, 'GET', ROUTES.hello)).status).toBe(200);
});
