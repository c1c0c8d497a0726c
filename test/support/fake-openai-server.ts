// A model on 127.0.0.1 that speaks as much of the OpenAI Responses API as Codex needs, with scripted answers: a prompt with
// `[TOOL:command]` makes it call the shell tool, everything else is answered at once. Nothing leaves the machine.

import type { ServerResponse } from 'node:http';

import { serveModel, sendEvent, sendJson, type FakeServer } from './fake-server.ts';

export async function startFakeOpenAiServer(): Promise<FakeServer> {
  return serveModel((path) => path.endsWith('/responses'), sendAnswer);
}

interface Body {
  readonly input: readonly { readonly type?: string; readonly role?: string; readonly content?: unknown }[];
  readonly tools?: readonly { readonly name?: string; readonly type: string }[];
}

function sendAnswer(response: ServerResponse, text: string, number: number): void {
  const body = JSON.parse(text) as Body; // what the client under test sends
  if (!Array.isArray(body.input)) {
    sendJson(response, {});
    return;
  }
  const item = planItem(body, number);
  const base = { id: `resp_${number}`, object: 'response', created_at: 1, model: 'fake', output: [] };
  const usage = {
    input_tokens: 1,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 1,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 2,
  };
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let sequence = 0;
  const send = (type: string, more: object): void => {
    sendEvent(response, { type, sequence_number: sequence, ...more }, type);
    sequence += 1;
  };
  send('response.created', { response: { ...base, status: 'in_progress' } });
  send('response.output_item.added', { output_index: 0, item: { ...item, status: 'in_progress' } });
  send('response.output_item.done', { output_index: 0, item });
  send('response.completed', { response: { ...base, status: 'completed', output: [item], usage } });
  response.end();
}

function planItem({ input: items, tools = [] }: Body, number: number): object {
  const prompt = JSON.stringify(items.findLast(({ role }) => role === 'user')?.content ?? '');
  const hasResult = items.at(-1)?.type === 'function_call_output';
  const command = hasResult ? undefined : /\[TOOL:(.*?)\]/.exec(prompt)?.[1];
  if (command === undefined) {
    const text = hasResult ? 'The tool ran.' : `Answer ${number}.`;
    const content = [{ type: 'output_text', text, annotations: [] }];
    return { id: `msg_${number}`, type: 'message', status: 'completed', role: 'assistant', content };
  }
  const names = new Set(tools.map((tool) => tool.name ?? tool.type));
  const name = ['exec_command', 'shell_command', 'shell'].find((known) => names.has(known)) ?? 'shell';
  const input = { exec_command: { cmd: command }, shell_command: { command } }[name] ?? {
    command: ['bash', '-lc', command],
  };
  return {
    id: `fc_${number}`,
    type: 'function_call',
    status: 'completed',
    call_id: `call_${number}`,
    name,
    arguments: JSON.stringify(input),
  };
}
