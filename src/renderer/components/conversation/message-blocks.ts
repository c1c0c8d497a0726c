// The text of a message as paragraphs and blocks of code between fences, and its parts as they are folded. Pure.

import type { Preview } from '../../../shared/contract/schemas.ts';

export type ConversationPreview = Extract<Preview, { type: 'conversation' }>;
export type Message = ConversationPreview['messages'][number];
type Part = Message['parts'][number];

export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'code'; readonly text: string; readonly language: string };

/** CommonMark's fence: at most three blanks, three or more backticks or tildes, closed by at least as many. */
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*$/;

/** All text is in the blocks; only fences themselves and blank lines around blocks are not. A fence that is never closed ends with the text. */
export function splitBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  let fence: { readonly sign: string; readonly language: string } | null = null;
  const finish = (): void => {
    const content = lines.join('\n');
    if (fence !== null) blocks.push({ type: 'code', text: content, language: fence.language });
    else if (content.trim() !== '') blocks.push({ type: 'text', text: content.replace(/^\s*\n|\s+$/g, '') });
    lines = [];
  };
  for (const line of text.split('\n')) {
    const match = FENCE.exec(line.endsWith('\r') ? line.slice(0, -1) : line);
    const sign = match?.[1] ?? '';
    if (fence === null && sign !== '') {
      finish();
      fence = { sign, language: (match?.[2] ?? '').toLowerCase() };
    } else if (fence !== null && match?.[2] === '' && sign.startsWith(fence.sign)) {
      finish();
      fence = null;
    } else lines.push(line);
  }
  if (fence !== null || lines.length > 0) finish();
  return blocks;
}

export type Piece =
  | Exclude<Part, { type: 'tool-call' | 'tool-result' }>
  | {
      readonly type: 'tool';
      readonly name: string;
      readonly input: string;
      readonly result: string | null;
      readonly isError: boolean;
    };

/** A tool's result stands with its call. */
export function toPieces(parts: readonly Part[]): Piece[] {
  const pieces: Piece[] = [];
  for (const part of parts) {
    const before = pieces.at(-1);
    if (part.type === 'tool-call') {
      pieces.push({ type: 'tool', name: part.name, input: part.input, result: null, isError: false });
    } else if (part.type === 'tool-result') {
      if (before?.type === 'tool' && before.result === null)
        pieces[pieces.length - 1] = { ...before, result: part.text, isError: part.isError };
      else pieces.push({ type: 'tool', name: '', input: '', result: part.text, isError: part.isError });
    } else pieces.push(part);
  }
  return pieces;
}

const MAX_SUMMARY = 120;

/** What a call was for, on one line: its command, file or query where it has one. */
export function summarizeInput(input: string): string {
  const value = parse(input);
  const told =
    typeof value === 'object' && value !== null
      ? ['command', 'file_path', 'path', 'pattern', 'query', 'url', 'description', 'prompt']
          .map((name): unknown => (value as Readonly<Record<string, unknown>>)[name]) // an object's members are unknown
          .find((member) => typeof member === 'string' && member !== '')
      : undefined;
  const text = (typeof told === 'string' ? told : input).replaceAll(/\s+/g, ' ').trim();
  return text.length <= MAX_SUMMARY ? text : `${text.slice(0, MAX_SUMMARY - 1)}…`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // cut, or no JSON
  }
}

export function messageText({ parts }: Message): string {
  return parts
    .map((part) => {
      if (part.type === 'tool-call') return `${part.name} ${part.input}`;
      return part.type === 'image' ? `[${part.mediaType}]` : part.text;
    })
    .join('\n');
}

export const ROLE_NAMES: Readonly<Record<Message['role'], string>> = {
  user: 'You',
  assistant: 'Assistant',
  system: 'Program',
};
