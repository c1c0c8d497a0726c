// The messages of a conversation as they are needed: each window is read once, when it comes into sight.

import { useCallback, useRef, useState } from 'react';

import { fromContractError } from '../../../shared/contract/errors.ts';
import type { AppError } from '../../../shared/model/app-error.ts';
import { messageText, type ConversationPreview } from './message-blocks.ts';
import { addWindow, missingWindows, WINDOW_SIZE, type Loaded } from './message-windows.ts';

const SCAN_SIZE = 500;

export interface Messages {
  readonly loaded: Loaded;
  readonly error: AppError | null;
  /** Reads what is missing between two positions. */
  readonly need: (from: number, to: number) => void;
  /** The last message up to a position that holds a text, else the first after it; null where none does. */
  readonly find: (text: string, upTo: number) => Promise<number | null>;
  readonly retry: () => void;
}

/** Reads a window: the position of its first message, and how many. Null where there is no conversation any more. */
export type ReadMessages = (firstIndex: number, limit: number) => Promise<ConversationPreview | null>;

export function useMessages(readWindow: ReadMessages, first: ConversationPreview): Messages {
  const [loaded, setLoaded] = useState<Loaded>(() => addWindow(null, first));
  const [error, setError] = useState<AppError | null>(null);
  const latest = useRef(loaded);
  latest.current = loaded;
  const asked = useRef(new Set<number>());

  const read = useCallback(
    async (firstIndex: number, limit: number): Promise<void> => {
      const preview = await readWindow(firstIndex, limit);
      if (preview === null) return;
      latest.current = addWindow(latest.current, preview);
      setLoaded(latest.current);
    },
    [readWindow],
  );

  const need = useCallback(
    (from: number, to: number): void => {
      for (const start of missingWindows(latest.current, from, to)) {
        if (asked.current.has(start)) continue;
        asked.current.add(start);
        read(start, WINDOW_SIZE).catch((problem: unknown) => setError(fromContractError(problem)));
      }
    },
    [read],
  );

  const find = useCallback(
    async (text: string, upTo: number): Promise<number | null> => {
      const needle = text.toLowerCase();
      const { count } = latest.current;
      const last = Math.min(upTo, count - 1);
      const has = (at: number): boolean => {
        const message = latest.current.messages.get(at);
        return message !== undefined && messageText(message).toLowerCase().includes(needle);
      };
      const ensure = async (from: number, to: number): Promise<void> => {
        if (missingWindows(latest.current, from, to).length > 0) await read(from, to - from + 1);
      };
      for (let to = last; to >= 0; to -= SCAN_SIZE) {
        const from = Math.max(0, to - SCAN_SIZE + 1);
        await ensure(from, to);
        for (let at = to; at >= from; at -= 1) if (has(at)) return at;
      }
      for (let from = last + 1; from < count; from += SCAN_SIZE) {
        const to = Math.min(count - 1, from + SCAN_SIZE - 1);
        await ensure(from, to);
        for (let at = from; at <= to; at += 1) if (has(at)) return at;
      }
      return null;
    },
    [read],
  );

  const retry = useCallback(() => {
    asked.current.clear();
    setError(null);
  }, []);
  return { loaded, error, need, find, retry };
}
