import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { splitHit } from '../../../src/renderer/features/search/hit-line.ts';

describe('splitHit()', () => {
  it('marks the hit', () => {
    expect(splitHit({ line: 'fix login now', from: 4, to: 9 })).toEqual(['fix ', 'login', ' now']);
  });

  it('keeps the line whatever the positions say', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), fc.integer(), (line, from, to) => {
        expect(splitHit({ line, from, to }).join('')).toBe(line);
      }),
    );
  });
});
