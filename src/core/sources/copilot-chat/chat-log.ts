// Rebuilds a chat session of VS Code: either one JSON object, or a log of changes to one (a change a line: the whole, a value at a path,
// more elements of a list, or nothing there any more). Source of the format: VS Code's own chat model and readers of its files; it was
// not tried on the program itself. Total: changes that fit nowhere are counted and passed over.

import { isRecord, parseRecord, type JsonRecord } from '../conversation/json-record.ts';

const WHOLE = 0;
const SET = 1;
const PUSH = 2;
const DELETE = 3;
const MAX_DEPTH = 32;
/** A hostile log could ask for a list of any length. */
const MAX_INDEX = 100_000;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

type Container = Record<string, unknown> | unknown[];

export interface ChatSession {
  readonly session: JsonRecord | null;
  readonly unreadableLines: number;
}

export function readChatSession(bytes: Uint8Array): ChatSession {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const whole = parseRecord(text);
  // One line of a log is an object too.
  if (whole !== null && !('kind' in whole)) return { session: whole, unreadableLines: 0 };
  let session: Record<string, unknown> | null = null;
  let unreadableLines = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const change = parseRecord(line);
    if (change?.['kind'] === WHOLE && isRecord(change['v'])) session = { ...change['v'] };
    else if (change === null || session === null || !applyChange(session, change)) unreadableLines += 1;
  }
  return { session, unreadableLines };
}

function applyChange(session: Record<string, unknown>, change: JsonRecord): boolean {
  const path = change['k'] ?? (change['kind'] === PUSH ? ['requests'] : undefined);
  if (!Array.isArray(path) || path.length === 0 || path.length > MAX_DEPTH) return false;
  const keys = path.map(toKey);
  if (keys.includes(null)) return false;
  const name = keys.at(-1) ?? '';
  const parent = findContainer(session, keys.slice(0, -1) as (string | number)[]); // none is null, checked above
  if (parent === null) return false;
  switch (change['kind']) {
    case SET:
      return setValue(parent, name, change['v']);
    case PUSH:
      return pushValues(parent, name, change['v'], change['i']);
    case DELETE:
      return removeValue(parent, name);
    default:
      return false;
  }
}

function toKey(key: unknown): string | number | null {
  if (typeof key === 'number') return Number.isInteger(key) && key >= 0 && key <= MAX_INDEX ? key : null;
  return typeof key === 'string' && !FORBIDDEN.has(key) ? key : null;
}

function findContainer(session: Record<string, unknown>, keys: readonly (string | number)[]): Container | null {
  let at: Container = session;
  for (const key of keys) {
    const next = valueAt(at, key);
    if (!isContainer(next)) return null;
    at = next;
  }
  return at;
}

function valueAt(container: Container, key: string | number): unknown {
  if (Array.isArray(container)) return typeof key === 'number' ? container[key] : undefined;
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

function setValue(parent: Container, key: string | number, value: unknown): boolean {
  if (Array.isArray(parent)) {
    if (typeof key !== 'number' || key > parent.length) return false;
    parent[key] = value;
  } else parent[key] = value;
  return true;
}

/** Adds elements at the end, in place of those from `from` on. */
function pushValues(parent: Container, key: string | number, values: unknown, from: unknown): boolean {
  const list = valueAt(parent, key) ?? [];
  if (!Array.isArray(list) || !Array.isArray(values)) return false;
  const start =
    typeof from === 'number' && Number.isInteger(from) && from >= 0 ? Math.min(from, list.length) : list.length;
  return setValue(parent, key, [...(list as unknown[]).slice(0, start), ...(values as unknown[])]);
}

function removeValue(parent: Container, key: string | number): boolean {
  if (Array.isArray(parent)) {
    if (typeof key !== 'number' || key >= parent.length) return false;
    parent.splice(key, 1);
    return true;
  }
  if (!Object.hasOwn(parent, key)) return false;
  delete parent[key];
  return true;
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}
