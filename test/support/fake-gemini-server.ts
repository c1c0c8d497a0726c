// A model on 127.0.0.1 that speaks as much of the Gemini API as Gemini CLI needs, with scripted answers: a prompt with
// `[TOOL:command]` makes it call the shell tool, everything else is answered at once. Nothing leaves the machine.

import type { ServerResponse } from 'node:http';

import { serveModel, sendEvent, sendJson, type FakeServer } from './fake-server.ts';

export async function startFakeGeminiServer(): Promise<FakeServer> {
  return serveModel((path) => /:(?:streamGenerateContent|generateContent)$/.test(path), sendAnswer);
}

interface Part {
  readonly text?: string;
  readonly functionResponse?: unknown;
}

interface Body {
  readonly contents: readonly { readonly role?: string; readonly parts: readonly Part[] }[];
  readonly generationConfig?: { readonly responseMimeType?: string; readonly responseJsonSchema?: unknown };
}

function sendAnswer(response: ServerResponse, text: string, number: number, path: string): void {
  const body = JSON.parse(text) as Body; // what the client under test sends
  const candidate = { content: { role: 'model', parts: planParts(body, number) }, index: 0, finishReason: 'STOP' };
  const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 };
  const answer = { candidates: [candidate], usageMetadata, modelVersion: 'fake', responseId: `r${number}` };
  if (path.endsWith(':generateContent')) {
    sendJson(response, answer);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  sendEvent(response, answer);
  response.end();
}

function planParts({ contents, generationConfig }: Body, number: number): object[] {
  if (generationConfig?.responseMimeType === 'application/json' || generationConfig?.responseJsonSchema !== undefined) {
    const answers = { complexity_reasoning: 'x', complexity_score: 10, reasoning: 'x', next_speaker: 'user' };
    return [{ text: JSON.stringify({ ...answers, model_choice: 'flash', selected_model: 'flash' }) }];
  }
  if (contents.at(-1)?.parts.some((part) => part.functionResponse !== undefined) === true) {
    return [{ text: 'The tool ran.' }];
  }
  const prompt = contents.findLast(({ role, parts }) => role === 'user' && parts.some((part) => 'text' in part));
  const command = /\[TOOL:(.*?)\]/.exec(JSON.stringify(prompt?.parts ?? []))?.[1];
  if (command === undefined) return [{ text: `Answer ${number}.` }];
  return [{ functionCall: { name: 'run_shell_command', args: { command, description: 'scripted' } } }];
}
