// Which messages of a conversation are here, and which are to be read next. Pure.

import type { ConversationPreview, Message } from './message-blocks.ts';

export const WINDOW_SIZE = 100;

export interface Loaded {
  readonly count: number;
  /** By position; what is missing was not read yet. */
  readonly messages: ReadonlyMap<number, Message>;
}

export function addWindow(loaded: Loaded | null, { messages, firstIndex, messageCount }: ConversationPreview): Loaded {
  const all = new Map(loaded?.messages ?? []);
  for (const [at, message] of messages.entries()) all.set(firstIndex + at, message);
  return { count: Math.max(messageCount, loaded?.count ?? 0), messages: all };
}

/** The windows that hold what is missing in sight, each by the position that it begins at. */
export function missingWindows({ count, messages }: Loaded, from: number, to: number): number[] {
  const starts = new Set<number>();
  for (let at = Math.max(0, from); at <= Math.min(to, count - 1); at += 1) {
    if (!messages.has(at)) starts.add(Math.floor(at / WINDOW_SIZE) * WINDOW_SIZE);
  }
  return [...starts];
}
