// What no answer of a server of ours may be or hold, whatever it was asked.

import type { Answer } from './exchange.ts';

/** Where a thrown error came from, a file of ours, a folder of the machine. */
const STACK = /\n\s*at \S.*:\d+:\d+|\/node_modules\/|\/src\/[\w/.-]+\.ts\b|\bnode:internal\b/;
/** Codes that say "nobody expected this". */
const UNEXPECTED = /"code":\s*"(?:BUG|internal|INTERNAL_SERVER_ERROR)"/;

export interface AnswerRules {
  /** Words that no answer may hold, by what they are. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Words that may be in the answer to who has the right to them, by what they are. */
  readonly guarded: Readonly<Record<string, string>>;
}

/** @throws Error that names what is wrong, the same words for the same fault */
export function checkText(text: string, rules: AnswerRules, hasRight: boolean): void {
  for (const [name, word] of Object.entries(rules.secrets)) if (text.includes(word)) throw new Error(`tells ${name}`);
  if (!hasRight)
    for (const [name, word] of Object.entries(rules.guarded))
      if (text.includes(word)) throw new Error(`tells ${name} to whoever asks`);
  const unexpected = UNEXPECTED.exec(text)?.[0];
  if (unexpected !== undefined) throw new Error(`answers ${unexpected}`);
  if (STACK.test(text)) throw new Error('tells where it failed');
}

/** The same for an answer over HTTP, which also has to say what is wrong in a form that a program understands. */
export function checkAnswer(answer: Answer, rules: AnswerRules, hasRight: boolean): void {
  const text = answer.body.toString('utf8');
  checkText(`${answer.head}\n${text}`, rules, hasRight);
  if (answer.status < 400) return;
  // Node itself refuses what is no HTTP, without a body, before anything of ours sees it.
  if (answer.body.length === 0 && answer.status < 500) return;
  if (/\r\ncontent-type: text\/html/i.test(answer.head) && answer.status < 500) return;
  if (!isTyped(text)) throw new Error(`answers ${answer.status} without saying why`);
}

/** `{error: {code, message, hint}}`, or GraphQL's list of errors with codes. */
function isTyped(text: string): boolean {
  const document = parse(text);
  const error = member(document, 'error');
  if (['code', 'message', 'hint'].every((name) => typeof member(error, name) === 'string')) return true;
  const errors = member(document, 'errors');
  return (
    Array.isArray(errors) &&
    errors.length > 0 &&
    errors.every((one: unknown) => typeof member(member(one, 'extensions'), 'code') === 'string')
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not typed at all
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
