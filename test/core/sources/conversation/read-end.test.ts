import { describe, expect, it } from 'vitest';

import { isReadCut, MAX_READ_BYTES, readEnds } from '../../../../src/core/sources/conversation/read-end.ts';
import type { StreamKind } from '../../../../src/shared/model/item.ts';
import { text } from '../../../support/captures.ts';
import { aStoredItem } from '../../../support/previews.ts';

/** Reads a stream whose last bytes are these, and gives what was asked for and what came. */
async function read(sizeBytes: number, end: string, kind: StreamKind = 'append') {
  const item = aStoredItem({ kind: 'conversation', streams: [{ name: 'log', kind, sizeBytes, contentId: '' }] });
  const asked: number[] = [];
  const bytes = await readEnds(item, async (_, fromByte) => {
    asked.push(fromByte);
    return Uint8Array.from(Buffer.from(end));
  })('log');
  return { asked, read: text(bytes), isCut: isReadCut(item) };
}

describe('readEnds()', () => {
  it('reads whole what is no longer than may be read, and what is no log', async () => {
    expect(await read(MAX_READ_BYTES, 'a\nb\n')).toEqual({ asked: [0], read: 'a\nb\n', isCut: false });
    expect(await read(MAX_READ_BYTES + 5, 'a\nb\n', 'blob')).toEqual({ asked: [0], read: 'a\nb\n', isCut: false });
  });

  it('reads the last whole lines of what is longer', async () => {
    expect(await read(MAX_READ_BYTES + 5, 'a\nb\nc')).toEqual({ asked: [5], read: 'b\nc', isCut: true });
    expect(await read(MAX_READ_BYTES + 5, 'no end')).toEqual({ asked: [5], read: '', isCut: true });
  });
});
