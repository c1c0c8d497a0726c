import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  applyBody,
  decodeBody,
  decodeManifest,
  diffManifest,
  encodeBody,
  encodeManifest,
  itemFacts,
  type ItemEntry,
  type Manifest,
  type SnapshotBody,
} from '../../../../src/core/vault/log/manifest.ts';
import { parseItemKey, parseSnapshotId, parseSourceId } from '../../../../src/shared/model/ids.ts';

function anEntry(name: string, overrides: Partial<ItemEntry> = {}): ItemEntry {
  const facts = {
    kind: 'terminal' as const,
    source: parseSourceId('tmux'),
    group: '/tmp/default',
    title: name,
    attributes: { cwd: '/home/dev' },
  };
  return {
    key: parseItemKey(`tmux:${name}`),
    ...facts,
    streams: [
      {
        name: 'scrollback',
        kind: 'ring',
        sizeBytes: 12,
        storedBytes: 64,
        contentId: 'AAECAwQF',
        parts: [{ recordId: 7, skip: 1, length: 12 }],
      },
    ],
    staleSinceMs: null,
    facts: itemFacts(facts),
    ...overrides,
  };
}

function manifestOf(...entries: readonly ItemEntry[]): Manifest {
  return new Map(entries.map((entry) => [entry.key, entry]));
}

const BODY: SnapshotBody = {
  removed: [parseItemKey('tmux:gone')],
  changed: [anEntry('a', { staleSinceMs: 1_700_000_000_000 })],
  gaps: [{ source: parseSourceId('git'), reason: 'failed', message: 'no answer', sinceMs: 5 }],
  good: [parseSourceId('tmux')],
  silent: new Map([[parseSourceId('git'), { atMs: 9, snapshot: parseSnapshotId('0123456789abcdef') }]]),
};

// Frozen: format 1. What is written here once stands in vaults of users.
const MANIFEST_V1 =
  '[["tmux:a",0,"tmux","/tmp/default","a",{"cwd":"/home/dev"},null,[["scrollback",1,12,64,"AAECAwQF",[7,1,12]]]]]';
const BODY_V1 =
  '{"r":["tmux:gone"],"c":[["tmux:a",0,"tmux","/tmp/default","a",{"cwd":"/home/dev"},1700000000000,[["scrollback",1,12,64,"AAECAwQF",[7,1,12]]]]],"g":[{"source":"git","reason":"failed","message":"no answer","sinceMs":5}],"s":["tmux"],"q":[["git",9,"0123456789abcdef"]]}';

describe('the stored form of a manifest', () => {
  it('[V11] is frozen, both ways', () => {
    expect(encodeManifest(manifestOf(anEntry('a'))).toString('utf8')).toBe(MANIFEST_V1);
    expect(decodeManifest(Buffer.from(MANIFEST_V1))).toEqual(manifestOf(anEntry('a')));
    expect(encodeBody(BODY).toString('utf8')).toBe(BODY_V1);
    expect(decodeBody(Buffer.from(BODY_V1))).toEqual(BODY);
  });

  it('[V11] decodes arbitrary bytes and arbitrary JSON to something, or says that it is none', () => {
    const decoders = [decodeManifest, decodeBody];
    const total = (bytes: Buffer): void => {
      for (const decode of decoders) {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => total(Buffer.from(bytes))));
    fc.assert(fc.property(fc.json(), (json) => total(Buffer.from(json))));
    fc.assert(
      fc.property(fc.array(fc.array(fc.jsonValue(), { minLength: 8, maxLength: 8 })), (items) => {
        total(Buffer.from(JSON.stringify(items)));
        total(Buffer.from(JSON.stringify({ r: [], c: items, g: [], s: [], q: items })));
      }),
    );
  });

  it('[V11] a difference leads from any manifest to any other', () => {
    const manifests = fc
      .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(3)), { selector: ([name]) => name })
      .map((items) => manifestOf(...items.map(([name, at]) => anEntry(name, { title: String(at) }))));
    fc.assert(
      fc.property(manifests, manifests, (base, next) => {
        expect(new Map(applyBody(base, diffManifest(base, next)))).toEqual(new Map(next));
      }),
    );
  });
});
