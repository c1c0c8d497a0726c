// Builders for captures.

import { parseItemKey, parseSourceId, type ItemKey, type SourceId } from '../../src/shared/model/ids.ts';
import type { CapturedItem, CapturedStream, StreamKind } from '../../src/shared/model/item.ts';
import type { SaveRequest } from '../../src/core/vault/vault.ts';
import { TEST_NOW_MS } from './test-vault.ts';

export const TMUX = parseSourceId('tmux');
export const CLAUDE = parseSourceId('claude-code');

export function key(text: string): ItemKey {
  return parseItemKey(text);
}

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function aStream(overrides: Partial<CapturedStream> & { readonly text?: string } = {}): CapturedStream {
  const { text: content, ...rest } = overrides;
  return {
    name: 'scrollback',
    kind: 'ring' satisfies StreamKind,
    version: '',
    content: { type: 'whole', bytes: utf8(content ?? '$ ls\n') },
    ...rest,
  };
}

export function aTerminal(name: string, overrides: Partial<CapturedItem> = {}): CapturedItem {
  return {
    key: key(`tmux:${name}`),
    kind: 'terminal',
    source: TMUX,
    group: '/tmp/tmux-0/default',
    title: name,
    attributes: { cwd: `/home/dev/${name}` },
    streams: [],
    ...overrides,
  };
}

export function aConversation(name: string, transcript: string, overrides: Partial<CapturedItem> = {}): CapturedItem {
  return {
    key: key(`claude-code:${name}`),
    kind: 'conversation',
    source: CLAUDE,
    group: '/home/dev/.claude',
    title: name,
    attributes: {},
    streams: [aStream({ name: 'transcript', kind: 'append', text: transcript })],
    ...overrides,
  };
}

export function aCapture(items: readonly CapturedItem[], overrides: Partial<SaveRequest> = {}): SaveRequest {
  const sources = new Set<SourceId>(items.map((item) => item.source));
  return {
    takenAtMs: TEST_NOW_MS,
    kind: 'automatic',
    items,
    carried: [],
    gaps: [],
    goodSources: [...sources],
    ...overrides,
  };
}
