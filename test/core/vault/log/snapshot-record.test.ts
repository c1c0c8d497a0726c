import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  encodeSnapshot,
  encodeSnapshotBody,
  parseSnapshotBody,
  parseSnapshotPrefix,
  type SnapshotPrefix,
} from '../../../../src/core/vault/log/snapshot-record.ts';
import type { SnapshotBody } from '../../../../src/core/vault/log/manifest.ts';
import { parseSnapshotId, parseSourceId } from '../../../../src/shared/model/ids.ts';

const PREFIX: SnapshotPrefix = {
  kind: 'manual',
  items: 3,
  changed: 2,
  gaps: 1,
  takenAtMs: 1_700_000_000_123,
  id: parseSnapshotId('0123456789abcdef'),
  keyframe: 2 ** 40 + 5,
  previousChain: Buffer.alloc(32, 0xc5),
};
const BODY: SnapshotBody = { removed: [], changed: [], gaps: [], good: [parseSourceId('tmux')], silent: new Map() };

// Frozen: format 1. The body is stored as it is, since it is too short to become shorter.
const RECORD_V1 =
  '0101000003000000020000000100000000b08756febc78420123456789abcdef0050000000007042c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c50000000000000000002a0000007b2272223a5b5d2c2263223a5b5d2c2267223a5b5d2c2273223a5b22746d7578225d2c2271223a5b5d7d';

describe('the stored form of a snapshot', () => {
  it('[V11] is frozen, both ways', () => {
    expect(encodeSnapshot(PREFIX, encodeSnapshotBody(BODY)).toString('hex')).toBe(RECORD_V1);
    expect(parseSnapshotPrefix(Buffer.from(RECORD_V1, 'hex'))).toEqual(PREFIX);
    expect(parseSnapshotBody(Buffer.from(RECORD_V1, 'hex'))).toEqual(BODY);
  });

  it('[V11] gives a long body back, which is stored compressed', () => {
    const removed = Array.from({ length: 500 }, (_, at) => `tmux:pane ${at}` as SnapshotBody['removed'][number]);
    const encoded = encodeSnapshotBody({ ...BODY, removed });

    expect(encoded.length).toBeLessThan(JSON.stringify(removed).length / 3);
    expect(parseSnapshotBody(encodeSnapshot(PREFIX, encoded))).toEqual({ ...BODY, removed });
  });

  it('[V11] reads arbitrary bytes, and any change of a record, to something or says that it is none', () => {
    const total = (payload: Buffer): void => {
      for (const parse of [parseSnapshotPrefix, parseSnapshotBody]) {
        try {
          parse(payload);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => total(Buffer.from(bytes))));
    const record = Buffer.from(RECORD_V1, 'hex');
    fc.assert(
      fc.property(
        fc.nat(record.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(record.length),
        (at, byte, end) => {
          const changed = Buffer.from(record);
          changed[at] = byte;
          total(changed.subarray(0, end));
          total(changed);
        },
      ),
    );
  });
});
