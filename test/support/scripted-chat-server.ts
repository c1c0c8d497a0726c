// A model on 127.0.0.1 that speaks the chat languages of OpenAI and Anthropic, as a test says: streamed or at once, whole, broken off,
// refused, or silent in the middle.

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

export interface ChatRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly model: string;
    readonly stream: boolean;
    readonly system?: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
  };
}

export type ChatScript =
  | { readonly type: 'answer'; readonly pieces: readonly string[] }
  /** Says so much and then nothing more, until the connection is closed. */
  | { readonly type: 'hang'; readonly pieces: readonly string[] }
  | { readonly type: 'break'; readonly pieces: readonly string[] }
  | { readonly type: 'error-event'; readonly pieces: readonly string[]; readonly error: object }
  | { readonly type: 'refuse'; readonly status: number; readonly body: string }
  | { readonly type: 'redirect'; readonly to: string }
  | { readonly type: 'raw'; readonly contentType: string; readonly text: string };

export interface ScriptedChatServer {
  readonly url: string;
  readonly requests: ChatRequest[];
  /** What the next requests get, in turn; the last one again and again. */
  script: ChatScript[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startScriptedChatServer(...script: ChatScript[]): Promise<ScriptedChatServer> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const path = request.url ?? '';
      const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as ChatRequest['body']; // what the client under test sends
      fake.requests.push({ path, headers: request.headers, body });
      const step = (fake.script.length > 1 ? fake.script.shift() : fake.script[0]) ?? {
        type: 'answer',
        pieces: ['Yes.'],
      };
      play(response, step, path.endsWith('/messages'), body.stream);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const fake: ScriptedChatServer = {
    url: `http://127.0.0.1:${address.port}`,
    requests: [],
    script,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

function play(response: ServerResponse, step: ChatScript, isAnthropic: boolean, isStreamed: boolean): void {
  switch (step.type) {
    case 'refuse':
      response.writeHead(step.status, { 'content-type': 'application/json' }).end(step.body);
      return;
    case 'redirect':
      response.writeHead(307, { location: step.to }).end();
      return;
    case 'raw':
      response.writeHead(200, { 'content-type': step.contentType }).end(step.text);
      return;
    case 'answer':
    case 'hang':
    case 'break':
    case 'error-event':
      break;
  }
  if (!isStreamed) {
    const text = step.pieces.join('');
    const whole = isAnthropic
      ? { type: 'message', role: 'assistant', content: [{ type: 'text', text }] }
      : { choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whole));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (data: object | string, name?: string): void => {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    response.write(`${name === undefined ? '' : `event: ${name}\r\n`}data: ${text}\n\n`);
  };
  if (isAnthropic) send({ type: 'message_start', message: { content: [] } }, 'message_start');
  response.write(': a comment\n\n');
  for (const text of step.pieces) {
    if (isAnthropic)
      send({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }, 'content_block_delta');
    else send({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] });
  }
  if (step.type === 'hang') return;
  if (step.type === 'break') {
    response.socket?.end();
    return;
  }
  if (step.type === 'error-event') send(isAnthropic ? { type: 'error', error: step.error } : { error: step.error });
  else if (isAnthropic) send({ type: 'message_stop' }, 'message_stop');
  else send('[DONE]');
  response.end();
}
