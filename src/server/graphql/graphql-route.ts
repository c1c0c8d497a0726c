// GraphQL as a route of the server: who calls is known by then, and the body is read to its limit and no further.

import { readBody, type Call } from '../http/call.ts';
import type { Route } from '../http/router.ts';
import type { Publishing } from '../publishing/create-publishing.ts';

/** A session of ten thousand messages. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export function createGraphqlRoute(publishing: Publishing): Route {
  return {
    method: 'POST',
    path: '/graphql',
    access: 'device',
    rate: 'normal',
    handle: async (call, { userId, deviceId }) => {
      const answer = await publishing.handle(await toRequest(call), {
        viewer: { userId, deviceId, address: call.address },
      });
      return {
        status: answer.status,
        bytes: new Uint8Array(await answer.arrayBuffer()),
        type: answer.headers.get('content-type') ?? 'application/json',
      };
    },
  };
}

async function toRequest(call: Call): Promise<Request> {
  const { 'content-type': type = '' } = call.request.headers;
  return new Request('http://server/graphql', {
    method: 'POST',
    // With this one, an answer with errors is an answer: whoever asks reads the errors.
    headers: { 'content-type': type, accept: 'application/json' },
    body: new Uint8Array(await readBody(call, MAX_BODY_BYTES)),
    signal: call.signal,
  });
}
