import { describe, expect, it } from 'vitest';

import { createRestoreContext } from '../../../src/core/restore/restore-context.ts';
import type { Source } from '../../../src/core/sources/source.ts';
import { parseSnapshotId, parseSourceId } from '../../../src/shared/model/ids.ts';
import type { SnapshotItem } from '../../../src/shared/model/item.ts';
import { key } from '../../support/captures.ts';
import { FakeSource } from '../../support/fake-source.ts';
import { aStoredItem } from '../../support/previews.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { DEFAULT_RESTORE_OPTIONS, makeTestHost } from '../../support/test-host.ts';

const TERMINAL = key('tmux:a');

function aDocument(name: string, overrides: Partial<SnapshotItem> = {}): SnapshotItem {
  const attributes = { terminal: TERMINAL };
  return aStoredItem({
    key: key(`vim:${name}`),
    kind: 'document',
    source: parseSourceId('vim'),
    attributes,
    ...overrides,
  });
}

function contextOf(selected: readonly SnapshotItem[]) {
  using folder = makeTemporaryFolder();
  const vim: Source = Object.assign(new FakeSource('vim', { kinds: ['document'] }), {
    openCommand: (documents: readonly SnapshotItem[], terminal: SnapshotItem) => ({
      argv: ['vim', ...documents.map((document) => document.key)],
      cwd: terminal.key,
    }),
  });
  const claude: Source = Object.assign(new FakeSource('claude-code', { kinds: ['conversation'] }), {
    resumeCommand: () => ({ argv: ['claude'], cwd: '/' }),
  });
  return createRestoreContext({
    vault: { readStream: async () => new Uint8Array() },
    host: makeTestHost(folder.path),
    sources: [vim, claude],
    snapshot: { id: parseSnapshotId('0123456789abcdef'), takenAtMs: 0 },
    selected,
    conversations: selected.filter(({ kind }) => kind === 'conversation'),
    present: [],
    options: DEFAULT_RESTORE_OPTIONS,
    openTerminal: undefined,
    scratchDir: folder.path,
    nowMs: 0,
    signal: AbortSignal.timeout(1000),
  });
}

describe('resumeCommandFor()', () => {
  it('opens the documents that stood in a terminal, those of one editor', () => {
    const other = aDocument('c', { source: parseSourceId('neovim') });
    const away = aDocument('d', { attributes: { terminal: 'tmux:b' } });
    const context = contextOf([aStoredItem({ key: TERMINAL }), aDocument('a'), aDocument('b'), other, away]);

    expect(context.resumeCommandFor(TERMINAL)).toEqual({ argv: ['vim', 'vim:a', 'vim:b'], cwd: TERMINAL });
    expect(context.resumeCommandFor(key('tmux:b'))).toBeUndefined();
  });

  it('resumes a conversation where both stood in it', () => {
    const source = parseSourceId('claude-code');
    const talk = aStoredItem({
      key: key('claude-code:x'),
      kind: 'conversation',
      source,
      attributes: { terminal: TERMINAL },
    });

    const context = contextOf([aStoredItem({ key: TERMINAL }), aDocument('a'), talk]);

    expect(context.resumeCommandFor(TERMINAL)?.argv).toEqual(['claude']);
  });

  it('is nothing where the terminal is not selected', () => {
    expect(contextOf([aDocument('a')]).resumeCommandFor(TERMINAL)).toBeUndefined();
  });
});
