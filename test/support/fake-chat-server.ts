// A model on 127.0.0.1 that speaks as much of the OpenAI chat API as command-line tools need, with scripted answers: a prompt with
// `[TOOL:command]` makes it call the shell tool, everything else is answered at once. Nothing leaves the machine.

import type { ServerResponse } from 'node:http';

import { serveModel, sendEvent, sendJson, type FakeServer } from './fake-server.ts';

/** What tools call their shell, and what they give it. */
const SHELLS: Readonly<Record<string, (command: string) => object>> = {
  bash: (command) => ({ command, description: 'scripted' }),
  Bash: (command) => ({ command, description: 'scripted' }),
  run_commands: (command) => ({ commands: [command] }),
};

export async function startFakeChatServer(): Promise<FakeServer> {
  return serveModel((path) => path.endsWith('/chat/completions'), sendAnswer);
}

interface Body {
  readonly stream?: boolean;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly tools?: readonly { readonly function?: { readonly name: string } }[];
}

function sendAnswer(response: ServerResponse, text: string, number: number): void {
  const body = JSON.parse(text) as Body; // what the client under test sends
  const message = planMessage(body, number);
  const base = { id: `chatcmpl-${number}`, created: 1, model: 'fake-model' };
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const finish = 'tool_calls' in message ? 'tool_calls' : 'stop';
  if (body.stream !== true) {
    const choices = [{ index: 0, message, finish_reason: finish }];
    sendJson(response, { ...base, object: 'chat.completion', choices, usage });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const chunk = { ...base, object: 'chat.completion.chunk' };
  sendEvent(response, { ...chunk, choices: [{ index: 0, delta: message, finish_reason: null }] });
  sendEvent(response, { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: finish }], usage });
  response.end('data: [DONE]\n\n');
}

function planMessage({ messages, tools = [] }: Body, number: number): object {
  const isAnswered = messages.at(-1)?.role === 'tool';
  const prompt = JSON.stringify(messages.findLast(({ role }) => role === 'user')?.content ?? '');
  const command = isAnswered ? undefined : /\[TOOL:(.*?)\]/.exec(prompt)?.[1];
  const shell = tools.flatMap((tool) => tool.function?.name ?? []).find((name) => name in SHELLS);
  if (command === undefined || shell === undefined) {
    return { role: 'assistant', content: isAnswered ? 'The tool ran.' : `Answer ${number}.` };
  }
  const call = { name: shell, arguments: JSON.stringify(SHELLS[shell]?.(command)) };
  const toolCall = { index: 0, id: `call_${number}`, type: 'function', function: call };
  return { role: 'assistant', content: null, tool_calls: [toolCall] };
}
