import { zstdCompressSync } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readRollout, unpackRollout } from '../../../../src/core/sources/codex/read-rollout.ts';

const MEGABYTE = 1024 * 1024;

describe('unpackRollout()', () => {
  it('takes any bytes, and any damage to packed ones', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ maxLength: 20 }), fc.nat(100), (content, noise, at) => {
        const packed = zstdCompressSync(content);
        expect(unpackRollout(packed)).toEqual(Buffer.from(content));

        const damaged = unpackRollout(Buffer.concat([packed.subarray(0, at), noise, packed.subarray(at)]));
        if (damaged !== null) readRollout(damaged);
        unpackRollout(content);
      }),
    );
  });

  it('unpacks no more than fits into memory', () => {
    expect(unpackRollout(zstdCompressSync(Buffer.alloc(97 * MEGABYTE)))).toBeNull();
  });
});

describe('readRollout()', () => {
  it('leaves arguments of millions of values as the text that they are', () => {
    const text = `[${'{},'.repeat(2 * MEGABYTE)}{}]`;
    const payload = { type: 'function_call', call_id: 'one', name: 'run', arguments: text };
    const line = JSON.stringify({ type: 'response_item', payload });

    const { messages } = readRollout(Buffer.from(`${line}\n`));

    expect(messages[0]?.toolCalls[0]?.input).toBe(text);
  });
});
