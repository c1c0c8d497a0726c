import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { redactValue } from '../../../src/cli/mcp/mcp-server.ts';

const TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ456789';

describe('redactValue()', () => {
  it('takes secrets out of every text, however deep it stands', () => {
    const value = { a: [`token ${TOKEN}`, { b: TOKEN, n: 7, none: null }] };
    expect(JSON.stringify(redactValue(value))).not.toContain(TOKEN);
    expect(redactValue({ a: ['plain', 1, true, null] })).toEqual({ a: ['plain', 1, true, null] });
  });

  it('keeps the shape of any value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const shape = (inner: unknown): unknown =>
          typeof inner === 'string'
            ? 'text'
            : Array.isArray(inner)
              ? inner.map(shape)
              : typeof inner === 'object' && inner !== null
                ? Object.fromEntries(Object.entries(inner).map(([name, part]) => [name, shape(part)]))
                : inner;
        const own = JSON.parse(JSON.stringify(value)) as Parameters<typeof redactValue>[0];
        expect(shape(redactValue(own))).toEqual(shape(own));
      }),
    );
  });
});
