import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  captureConversations,
  type ConversationCapture,
  type FoundConversation,
} from '../../../../src/core/sources/conversation/capture-conversations.ts';
import { newConversationFacts } from '../../../../src/core/sources/conversation/conversation-facts.ts';
import { readFiles } from '../../../../src/core/sources/conversation/read-files.ts';
import type { CaptureContext } from '../../../../src/core/sources/source.ts';
import { parseItemKey, parseSourceId } from '../../../../src/shared/model/ids.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeTestHost, toSnapshotItems } from '../../../support/test-host.ts';

interface Found extends FoundConversation {
  readonly path: string;
}

describe('captureConversations()', () => {
  let folder: TemporaryFolder;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    mkdirSync(join(folder.path, 'parts'));
  });

  afterEach(() => folder[Symbol.dispose]());

  function put(id: string, content: string, mtimeMs: number): Found {
    const path = join(folder.path, `${id}.json`);
    writeFileSync(path, content);
    return { key: parseItemKey(`tool:${id}`), id, group: 'tool', mtimeMs, path };
  }

  async function capture(
    found: readonly Found[],
    context: Partial<CaptureContext> = {},
    overrides: Partial<ConversationCapture<Found>> = {},
  ) {
    return captureConversations<Found>(makeCaptureContext(makeTestHost(folder.path), context), {
      source: parseSourceId('tool'),
      provider: 'somebody',
      untitled: 'A conversation',
      mainStream: 'session',
      found,
      unreadable: [],
      live: new Map(),
      read: ({ path }, room) => {
        const part = { stream: 'part', path: join(folder.path, 'parts/part.json'), kind: 'blob' } as const;
        const read = readFiles([{ stream: 'session', path, kind: 'blob' }, part], room);
        return read && { ...read, facts: newConversationFacts(), isComplete: true, attributes: { file: 'f' } };
      },
      describe: ({ id }) => `Conversation ${id}`,
      ...overrides,
    });
  }

  it('takes the newest first as far as there is room, and says how many wait', async () => {
    writeFileSync(join(folder.path, 'parts/part.json'), '');
    const found = [put('old', '12345', 1), put('new', '12345', 2)];

    const { items, problems } = await capture(found, { maxBytes: 6 });

    expect(items.map(({ key }) => key)).toEqual(['tool:new']);
    expect(items[0]).toMatchObject({
      title: 'A conversation',
      attributes: { id: 'new', provider: 'somebody', messageCount: 0, updatedAtMs: 2, isLive: false, file: 'f' },
      streams: [{ name: 'session', kind: 'blob' }, { name: 'part' }],
    });
    expect(problems).toEqual([
      { reason: 'partial', message: '1 older conversations are taken in at the next captures.' },
    ]);
  });

  it('keeps what is stored of one that changed and has no room, and says that it is not current', async () => {
    writeFileSync(join(folder.path, 'parts/part.json'), '');
    const { items } = await capture([put('a', '12345', 1)]);
    const previous = toSnapshotItems(items).items;
    const changed = [put('a', '1234567890', 2)];

    const kept = await capture(changed, { maxBytes: 6, previous, known: () => ({ version: 'v', sizeBytes: 5 }) });
    const unknown = await capture(changed, { maxBytes: 6, previous });

    expect(kept.items[0]).toMatchObject({
      attributes: { isPartial: true },
      streams: [
        { name: 'session', version: 'v', content: { type: 'unchanged' } },
        { name: 'part', content: { type: 'whole' } },
      ],
    });
    expect(kept.problems).toMatchObject([{ reason: 'partial', message: expect.stringContaining('has changed') }]);
    expect(unknown.items).toEqual([]);
    expect(unknown.problems).toMatchObject([{ reason: 'partial', key: 'tool:a' }]);
  });

  it('lets the earlier facts count while not all of it was read anew', async () => {
    writeFileSync(join(folder.path, 'parts/part.json'), '');
    const found = put('a', '12345', 1);
    const facts = { ...newConversationFacts(), title: 'Its title', model: 'm', messages: 7, lastText: 'bye' };
    const reading = { streams: [], readBytes: 0, missing: null, problems: [], isComplete: true, attributes: {} };
    const { items } = await capture([found], {}, { read: () => ({ ...reading, facts }) });
    const previous = toSnapshotItems(items).items;
    const anew = { ...reading, facts: newConversationFacts(), isComplete: false, attributes: { file: 'moved' } };

    const [item] = (await capture([found], { previous }, { read: () => anew })).items;
    const [unknown] = (await capture([found], {}, { read: () => anew })).items;

    expect(item).toMatchObject({
      title: 'Its title',
      attributes: { model: 'm', messageCount: 7, lastMessage: 'bye', file: 'moved' },
    });
    expect(unknown).toMatchObject({ title: 'A conversation', attributes: { messageCount: 0 } });
  });

  it('lists none that says nothing yet', async () => {
    expect(await capture([put('a', '', 1)], {}, { read: () => 'empty' })).toEqual({
      items: [],
      problems: [],
      closed: [],
    });
  });

  it('says which part and which conversation could not be read, and keeps the others', async () => {
    const found = [put('a', '1', 2), put('gone', '2', 1)];
    rmSync(found[1]?.path ?? '');

    const { items, problems } = await capture(found);

    expect(items.map(({ key }) => key)).toEqual(['tool:a']);
    expect(problems).toEqual([
      { reason: 'unreadable', message: 'A part of a conversation could not be read: what was saved of it stays.' },
      { reason: 'unreadable', key: 'tool:gone', message: 'Conversation gone could not be read: it is not there.' },
    ]);
  });

  it('keeps for ever what the tool has deleted, without what was true of a process only', async () => {
    writeFileSync(join(folder.path, 'parts/part.json'), '');
    const terminalNote = 'It may be shown in any terminal.';
    const live = new Map([['a', { pid: 7, startTime: 8, tty: null, name: 'Named', status: 'busy', terminalNote }]]);
    const { items } = await capture([put('a', '1', 1)], {}, { live });
    expect(items[0]).toMatchObject({
      title: 'Named',
      attributes: { isLive: true, pid: 7, procStart: 8, status: 'busy', terminalNote },
    });

    const { items: kept } = await capture([], { previous: toSnapshotItems(items).items });

    expect(kept[0]?.attributes).toEqual({
      ...Object.fromEntries(
        Object.entries(items[0]?.attributes ?? {}).filter(
          ([name]) => !['pid', 'procStart', 'status', 'terminalNote'].includes(name),
        ),
      ),
      isLive: false,
      isOriginGone: true,
    });
    expect(kept[0]?.streams.map(({ content }) => content.type)).toEqual(['unchanged', 'unchanged']);
  });
});
