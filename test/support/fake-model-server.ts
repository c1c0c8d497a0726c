// A model on 127.0.0.1 that speaks as much of the Anthropic messages API as Claude Code needs, with scripted answers: a prompt with
// `[TOOL:command]` makes it call the shell tool, everything else is answered at once. Nothing leaves the machine.

import { createServer, type ServerResponse } from 'node:http';

export interface FakeModelServer {
  readonly url: string;
  /** The bodies of the requests for an answer, in order. */
  readonly requests: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

interface Block {
  readonly type: 'text' | 'tool_use';
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: object;
}

export async function startFakeModelServer(): Promise<FakeModelServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      const body = Buffer.concat(parts).toString('utf8');
      if (request.method !== 'POST' || !path.endsWith('/messages')) {
        sendJson(response, path.endsWith('/count_tokens') ? { input_tokens: 1 } : {});
        return;
      }
      requests.push(body);
      sendAnswer(response, planAnswer(body, requests.length), requests.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function planAnswer(body: string, number: number): readonly Block[] {
  // What the client under test sends; notes of the system may follow the prompt.
  const { messages } = JSON.parse(body) as { messages: { role: string; content: unknown }[] };
  const last = JSON.stringify(messages.findLast(({ role }) => role === 'user')?.content ?? '');
  if (last.includes('"tool_result"')) return [{ type: 'text', text: 'The tool ran.' }];
  const command = /\[TOOL:(.*?)\]/.exec(last)?.[1];
  if (command === undefined) return [{ type: 'text', text: `Answer ${number}.` }];
  const input = { command, description: 'Run the scripted command' };
  return [
    { type: 'text', text: 'I will run a tool.' },
    { type: 'tool_use', id: `toolu_${number}`, name: 'Bash', input },
  ];
}

function sendAnswer(response: ServerResponse, blocks: readonly Block[], number: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (type: string, more: object): void => {
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`);
  };
  const usage = { input_tokens: 1, output_tokens: 1 };
  const empty = { id: `msg_${number}`, type: 'message', role: 'assistant', model: 'fake', content: [], usage };
  send('message_start', { message: { ...empty, stop_reason: null, stop_sequence: null } });
  for (const [index, block] of blocks.entries()) {
    const isText = block.type === 'text';
    send('content_block_start', {
      index,
      content_block: isText ? { type: 'text', text: '' } : { ...block, input: {} },
    });
    const delta = isText
      ? { type: 'text_delta', text: block.text }
      : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) };
    send('content_block_delta', { index, delta });
    send('content_block_stop', { index });
  }
  const stopReason = blocks.some(({ type }) => type === 'tool_use') ? 'tool_use' : 'end_turn';
  send('message_delta', { delta: { stop_reason: stopReason, stop_sequence: null }, usage });
  send('message_stop', {});
  response.end();
}

function sendJson(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
