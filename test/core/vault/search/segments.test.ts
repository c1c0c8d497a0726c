import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseItemKey, parseSourceId } from '../../../../src/shared/model/ids.ts';
import { KEEP_ALL, mergeSegments, type MergeFilter } from '../../../../src/core/vault/search/merge-segments.ts';
import { joinUses } from '../../../../src/core/vault/search/join-uses.ts';
import {
  DocumentList,
  PostingPageReader,
  PostingPageWriter,
  type PostingCursor,
} from '../../../../src/core/vault/search/posting-pages.ts';
import { SealedSegment } from '../../../../src/core/vault/search/sealed-segment.ts';
import type { FoundItem, Segment } from '../../../../src/core/vault/search/segment.ts';
import { TermCollector } from '../../../../src/core/vault/search/terms.ts';
import { YoungSegment } from '../../../../src/core/vault/search/young-segment.ts';

const ITEM: FoundItem = {
  key: parseItemKey('tmux:a'),
  kind: 'terminal',
  source: parseSourceId('tmux'),
  group: 'g',
  title: 'a',
  project: 'p',
};
const collector = new TermCollector();

function terms(text: string): Uint32Array {
  collector.begin();
  collector.collect(text);
  return collector.terms;
}

interface Written {
  readonly anchor: number;
  readonly text: string;
}

/** A segment of one snapshot with these texts. */
function young(sequence: number, texts: readonly Written[]): YoungSegment {
  const segment = new YoungSegment(sequence);
  for (const { anchor, text } of texts) {
    segment.addDocument(
      { anchor, start: 0, end: text.length, sequence, chunk: 0, isTranscript: false },
      terms(text),
      anchor < 0 ? text : null,
    );
    if (anchor > 0)
      segment.noteChunk({ anchor, lines: 1, sizeBytes: text.length, isHeadCovered: true, isTailCovered: false });
    const item = segment.itemNumber({ ...ITEM, title: `title ${sequence % 3}` });
    segment.addUse({ anchor, skip: 0, length: 1, item, name: segment.nameNumber('n'), first: sequence, last: 0 });
  }
  segment.through = sequence;
  return segment;
}

/** Writes segments as the vault does, but for sealing. */
async function written(inputs: readonly Segment[], filter: MergeFilter = KEEP_ALL): Promise<SealedSegment> {
  const pages: Buffer[] = [];
  const { head, columns } = await mergeSegments(inputs, filter, {
    put: (page) => pages.push(page) - 1,
    turn: async () => undefined,
  });
  const json = Buffer.from(JSON.stringify({ ...head, storedBytes: 0, order: 1 }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const directory = Buffer.concat([length, json, columns]);
  return new SealedSegment(
    1,
    directory,
    () => directory,
    (at) => pages[at] ?? Buffer.alloc(0),
  );
}

/** Postings as they are shown one after the other. */
function allOf(cursor: PostingCursor): { readonly term: number; readonly documents: readonly number[] }[] {
  const all: { term: number; documents: number[] }[] = [];
  while (cursor.advance()) {
    const { term, documents } = cursor;
    all.push({ term, documents: Array.from({ length: documents.length }, (_, at) => documents.at(at)) });
  }
  expect(cursor.term).toBe(-1);
  return all;
}

function listOf(documents: readonly number[]): DocumentList {
  const list = new DocumentList();
  for (const document of documents) list.push(document);
  return list;
}

/** All that a segment says, in a form that does not depend on how it is numbered. */
function told(segment: Segment): unknown {
  const documents = Array.from({ length: segment.documentCount }, (_, at) => {
    const { inline, ...document } = segment.document(at);
    return { ...document, text: inline < 0 ? null : segment.inlineText(inline) };
  });
  const postings = allOf(segment.postings()).map((posting) => Object.values(posting));
  const uses = Array.from({ length: segment.useCount }, (_, at) => {
    const { item, name, ...use } = segment.use(at);
    return { ...use, item: segment.item(item), name: segment.names[name] };
  });
  return {
    documents,
    postings,
    uses: uses.map((use) => JSON.stringify(use)).toSorted(),
    chunks: [...segment.chunks()],
  };
}

const texts = fc.array(
  fc.record({
    anchor: fc.integer({ min: -40, max: 40 }).filter((anchor) => anchor !== 0),
    text: fc.stringMatching(/^[a-d ]{1,24}$/),
  }),
  { maxLength: 12 },
);

describe('mergeSegments()', () => {
  it('[V22] gives what one segment of the whole would have', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 5 }), async (parts) => {
        // Each chunk is read once, whichever segment that falls into.
        const seen = new Set<number>();
        const unique = parts.map((part) => part.filter(({ anchor }) => !seen.has(anchor) && seen.add(anchor)));
        const segments = unique.map((part, at) => young(at + 1, part));

        const inTwoSteps = [await written(segments.slice(0, 2)), ...segments.slice(2)];
        const merged = await written(inTwoSteps);

        const whole = new YoungSegment(1);
        for (const segment of segments) {
          for (let at = 0; at < segment.documentCount; at += 1) {
            const { inline, ...document } = segment.document(at);
            const text = inline < 0 ? null : segment.inlineText(inline);
            const own = unique.flat().find(({ anchor }) => anchor === document.anchor)?.text ?? '';
            whole.addDocument(document, terms(own), text);
          }
          for (const chunk of segment.chunks()) whole.noteChunk(chunk);
          for (let at = 0; at < segment.useCount; at += 1) {
            const use = segment.use(at);
            whole.addUse({ ...use, item: whole.itemNumber(segment.item(use.item)), name: whole.nameNumber('n') });
          }
        }
        const { chunks, ...rest } = told(whole) as { chunks: { anchor: number }[] };
        expect(told(merged)).toEqual({ ...rest, chunks: chunks.toSorted((a, b) => a.anchor - b.anchor) });
      }),
      { numRuns: 60 },
    );
  });

  it('[V22] leaves nothing of what is filtered out', async () => {
    const segment = young(1, [
      { anchor: 1, text: 'staying words' },
      { anchor: 2, text: 'forgotten words' },
      { anchor: -5, text: 'forgotten fact' },
    ]);
    const isKept = (anchor: number): boolean => anchor === 1;
    const merged = await written([segment], {
      keepsDocument: ({ anchor }) => isKept(anchor),
      keepUse: (use) => (isKept(use.anchor) ? use : null),
    });
    expect(merged.documentCount).toBe(1);
    expect(merged.inlineCount).toBe(0);
    expect([...merged.chunks()].map(({ anchor }) => anchor)).toEqual([1]);
    for (const term of terms('forgotten fact')) expect(Array.from(merged.lookUp(term))).toEqual([]);
    for (const term of terms('staying words')) expect(Array.from(merged.lookUp(term))).toEqual([0]);
  });
});

describe('joinUses()', () => {
  it('puts an end to the newest beginning of the same place', () => {
    const use = { anchor: 1, skip: 0, length: 5, item: 0, name: 0, place: 'a' };
    expect(
      joinUses([
        { ...use, first: 2, last: 4 },
        { ...use, first: 6, last: 0 },
        { ...use, first: 3, last: 0, place: 'b' },
        { ...use, first: 0, last: 9 },
      ]).map(({ first, last, place }) => [first, last, place]),
    ).toEqual([
      [2, 4, 'a'],
      [6, 9, 'a'],
      [3, 0, 'b'],
    ]);
  });
});

describe('PostingPageReader', () => {
  it('gives back what was written, by term and in order', () => {
    const entry = fc.tuple(fc.nat(0xffffffff), fc.uniqueArray(fc.nat(5_000_000), { minLength: 1, maxLength: 60 }));
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ([term]) => term, maxLength: 60 }), (entries) => {
        const sorted = entries
          .map(([term, documents]) => ({ term, documents: documents.toSorted((a, b) => a - b) }))
          .toSorted((a, b) => a.term - b.term);
        const pages: { first: number; page: Buffer }[] = [];
        const writer = new PostingPageWriter((first, page) => pages.push({ first, page }));
        for (const { term, documents } of sorted) writer.add(term, listOf(documents));
        writer.flush();

        const read = pages.flatMap(({ first, page }) => {
          return allOf(new PostingPageReader(page, first));
        });
        expect(read).toEqual(sorted);
        for (const { term, documents } of sorted) {
          const own = pages.findLast(({ first }) => first <= term);
          expect(new PostingPageReader(own?.page ?? Buffer.alloc(0), own?.first ?? 0).find(term)).toEqual(documents);
        }
      }),
    );
  });
});
