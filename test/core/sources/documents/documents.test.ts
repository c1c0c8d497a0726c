import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  documentKey,
  TEXT,
  toDocumentItem,
  toUnsavedText,
  textIdOf,
} from '../../../../src/core/sources/documents/document.ts';
import { findClosed, groupOf, toInstance } from '../../../../src/core/sources/documents/instances.ts';
import { previewDocument } from '../../../../src/core/sources/documents/preview.ts';
import { UnsavedTexts } from '../../../../src/core/sources/documents/unsaved-texts.ts';
import type { CaptureContext, PreviousItem } from '../../../../src/core/sources/source.ts';
import { parseItemKey, parseSourceId } from '../../../../src/shared/model/ids.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import type { JsonObject } from '../../../../src/shared/model/json.ts';
import { text, utf8 } from '../../../support/captures.ts';
import { previewWith } from '../../../support/previews.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeTestHost } from '../../../support/test-host.ts';

const VIM = parseSourceId('vim');
const KEY = documentKey(VIM, '/w/a.ts');
const FACTS = { path: '/w/a.ts', name: 'a.ts', editor: 'Vim' };

function context(overrides: Partial<CaptureContext> = {}): CaptureContext {
  using folder = makeTemporaryFolder();
  return makeCaptureContext(makeTestHost(folder.path), overrides);
}

function aPrevious(attributes: JsonObject, overrides: Partial<PreviousItem> = {}): PreviousItem {
  return { key: KEY, kind: 'document', group: 'g', title: 'a.ts', attributes, streams: [], stale: false, ...overrides };
}

describe('documentKey()', () => {
  it('names a document by its path, whatever that is, and differently for different ones', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 1000, unit: 'binary' }),
        fc.string({ maxLength: 1000, unit: 'binary' }),
        (a, b) => {
          const [one, other] = [documentKey(VIM, a), documentKey(VIM, b)];
          expect(parseItemKey(one)).toBe(one);
          expect(one).not.toMatch(/[\u0000-\u001f]/);
          expect(one === other).toBe(a === b);
        },
      ),
    );
    expect(KEY).toBe('vim:/w/a.ts');
    expect(documentKey(VIM, `/${'x'.repeat(3000)}`).length).toBeLessThan(300);
  });
});

describe('UnsavedTexts', () => {
  const read = (content: string) => async () => ({ bytes: utf8(content), isCut: false });

  it('hands a text over whole, and as unchanged where its version is known', async () => {
    const fresh = await new UnsavedTexts(context()).read(KEY, 'v1', read('hello'));
    expect(fresh).toMatchObject({ status: 'read', textId: textIdOf(utf8('hello')), isCut: false });

    const known = context({
      known: () => ({ version: 'v1', sizeBytes: 5 }),
      previous: [aPrevious({ textId: 'id', unsaved: 'cut' })],
    });
    expect(await new UnsavedTexts(known).read(KEY, 'v1', read('never read'))).toEqual({
      status: 'read',
      textId: 'id',
      isCut: true,
      stream: { name: TEXT, kind: 'blob', version: 'v1', content: { type: 'unchanged' } },
    });
    expect(await new UnsavedTexts(known).read(KEY, 'v2', read('new'))).toMatchObject({ textId: textIdOf(utf8('new')) });
  });

  it('keeps what was stored where the text cannot be read now, and says it where nothing was', async () => {
    const known = context({ known: () => ({ version: 'v1', sizeBytes: 5 }), previous: [aPrevious({ textId: 'id' })] });

    expect(await new UnsavedTexts(known).read(KEY, 'v2', async () => null)).toMatchObject({
      status: 'read',
      textId: 'id',
    });
    expect(await new UnsavedTexts(context()).read(KEY, 'v2', async () => null)).toEqual({ status: 'unreadable' });
  });

  it('takes no more than a capture may hand over', async () => {
    const texts = new UnsavedTexts(context({ maxBytes: 6 }));
    const limits: number[] = [];
    const readCut = async (maxBytes: number) => {
      limits.push(maxBytes);
      return { bytes: utf8('abcdefgh'.slice(0, maxBytes)), isCut: true };
    };

    const [first, second] = [
      await texts.read(KEY, '', readCut),
      await texts.read(documentKey(VIM, '/w/b'), '', readCut),
    ];

    expect(limits).toEqual([6]);
    expect(first).toMatchObject({ isCut: true });
    expect(second).toEqual({ status: 'unreadable' });
  });
});

describe('findClosed()', () => {
  const now = context();
  const instance = toInstance(now.host, { pid: 7, startTime: 1 });
  const earlier = { pid: 7, startTime: 1, boot: 'before' };
  const anItem = (path: string, group: string): CapturedItem =>
    toDocumentItem(documentKey(VIM, path), {
      source: VIM,
      group,
      editor: 'Vim',
      path,
      name: '',
      isModified: false,
      facts: {},
    });

  it.each([
    { name: 'one whose editor ended', previous: aPrevious({ instance }), items: [], closed: true },
    {
      name: 'one that the machine went down with',
      previous: aPrevious({ instance: earlier }),
      items: [],
      closed: false,
    },
    {
      name: 'one that is open again under another name',
      previous: aPrevious({ instance: earlier, path: '/w/b' }),
      items: [anItem('/w/b', 'h')],
      closed: true,
    },
    { name: 'one that is read', previous: aPrevious({ instance }), items: [anItem('/w/a.ts', 'g')], closed: false },
    {
      name: 'one that another instance has now',
      previous: aPrevious({ instance }),
      items: [anItem('/w/a.ts', 'h')],
      closed: true,
    },
    {
      name: 'one of an editor that did not answer',
      previous: aPrevious({ instance }, { group: 't' }),
      items: [],
      closed: false,
    },
    { name: 'a swap file that is gone', previous: aPrevious({ isRecoverable: true }), items: [], closed: true },
  ])('tells of $name: $closed', ({ previous, items, closed }) => {
    const found = findClosed({ ...now, previous: [previous] }, items, new Set(['t']));

    expect(found).toEqual(closed ? [KEY] : []);
  });

  it('names groups by the process', () => {
    expect(groupOf(instance)).toBe('process 7 (1)');
  });
});

describe('previewDocument()', () => {
  it('shows the unsaved text and where the cursor stood', async () => {
    const attributes = { ...FACTS, line: 3, column: 9, isModified: true, unsaved: 'cut' };

    expect(await previewWith(previewDocument, { kind: 'document', attributes }, { text: 'const a = 1;\n' })).toEqual({
      type: 'document',
      path: '/w/a.ts',
      language: 'typescript',
      text: 'const a = 1;\n',
      editor: 'Vim',
      line: 3,
      column: 9,
      unsaved: 'cut',
      isCut: true,
    });
  });

  it.each([
    { name: 'a saved one', attributes: FACTS, expected: { unsaved: 'none', text: '', isCut: false } },
    {
      name: 'one that could not be read',
      attributes: { ...FACTS, isModified: true },
      expected: { unsaved: 'unreadable' },
    },
    {
      name: 'one without a file',
      attributes: { name: 'Untitled-1.py', editor: 'Code' },
      expected: { path: 'Untitled-1.py', language: 'python' },
    },
    { name: 'senseless facts', attributes: { line: -1 }, expected: { type: 'facts' } },
  ])('shows $name', async ({ attributes, expected }) => {
    expect(await previewWith(previewDocument, { kind: 'document', attributes }, {})).toMatchObject(expected);
  });
});

describe('toDocumentItem()', () => {
  it('keeps the text as a stream and says what became of it', () => {
    const item = toDocumentItem(KEY, {
      source: VIM,
      group: 'g',
      editor: 'Vim',
      path: '/w/a.ts',
      name: '',
      isModified: true,
      facts: { line: 2 },
      text: toUnsavedText(utf8('x'), 'v', false),
    });

    expect(item).toMatchObject({
      title: 'a.ts',
      attributes: { path: '/w/a.ts', line: 2, unsaved: 'whole', textId: textIdOf(utf8('x')) },
    });
    const [stream] = item.streams;
    expect(stream?.content.type === 'whole' ? text(stream.content.bytes) : '').toBe('x');
  });
});
