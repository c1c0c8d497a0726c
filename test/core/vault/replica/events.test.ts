// Frozen: v1. What is written here once stands in logs of users, and in entries on servers.

import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { BOX_KINDS } from '../../../../src/core/crypto/box.ts';
import { KeyTree } from '../../../../src/core/crypto/key-tree.ts';
import { SecretKey } from '../../../../src/core/crypto/secret-key.ts';
import {
  openEvents,
  sealEvents,
  type EntryPlace,
  type ReplicaEvent,
} from '../../../../src/core/vault/replica/events.ts';

const PLACE = { deviceId: 'd'.repeat(64), index: 7, previousHash: 'e'.repeat(64) } as EntryPlace;

/** As each stands in an entry. */
const FROZEN = [
  { type: 'device', name: 'laptop', platform: 'linux' },
  { type: 'items', isFull: true, removed: ['tmux:a'], changed: [['anything']] },
  {
    type: 'snapshot',
    id: '0123456789abcdef',
    sequence: 12,
    takenAtMs: 1_700_000_000_000,
    kind: 'automatic',
    gaps: [{ source: 'tmux', reason: 'failed', message: 'no', key: 'tmux:a', sinceMs: 1 }],
    good: ['tmux'],
    base: 'fedcba9876543210',
    isFull: false,
    removed: [],
    changed: [],
  },
  { type: 'forgotten', snapshots: ['0123456789abcdef'] },
  { type: 'redacted', chunks: [{ id: 'a'.repeat(32), fill: '*', spots: [[3, 9]] }] },
  {
    type: 'session',
    id: '0123456789abcdef',
    begins: true,
    createdAtMs: 1,
    updatedAtMs: 2,
    pinned: false,
    facts: { name: 'The plan' },
  },
  {
    type: 'messages',
    id: '0123456789abcdef',
    messages: [{ id: 'm', role: 'user', atMs: null, model: null, text: 'Hello', isPartial: false }],
  },
  { type: 'text', id: '0123456789abcdef', messageId: 'm', at: 5, text: '!', isLast: true, isPartial: false },
  { type: 'session-gone', id: '0123456789abcdef' },
  {
    type: 'field',
    entity: 'checkpoint:0123456789abcdef',
    field: 'name',
    version: { value: 'x', clock: { wallMs: 1, counter: 0 }, device: 'd', replaces: [] },
  },
];

function createKeys(): KeyTree {
  const keys = new KeyTree(new SecretKey(Buffer.alloc(32, 7)), Buffer.alloc(16, 1), randomBytes);
  keys.addEpoch(keys.wrapNewEpoch(1));
  return keys;
}

describe('openEvents()', () => {
  it('[V29] opens what v1 wrote, and gives back what is sealed', () => {
    const keys = createKeys();
    const plain = { device: PLACE.deviceId, index: PLACE.index, previous: PLACE.previousHash, events: FROZEN };
    const payload = keys.seal(BOX_KINDS.replicaEntry, 0, PLACE.index, Buffer.from(JSON.stringify(plain)));

    const opened = openEvents(keys, PLACE, payload);

    expect(opened).toEqual({ events: FROZEN, unknown: 0 });
    expect(openEvents(keys, PLACE, sealEvents(keys, PLACE, opened?.events ?? []))).toEqual(opened);
  });

  it('keeps out what only a newer version says, or what makes no sense, and counts it', () => {
    const keys = createKeys();
    const events = [
      { type: 'from the future', of: 1 },
      { type: 'redacted', chunks: [{ id: 'no id', fill: '*', spots: [] }] },
      { type: 'session-gone', id: '../..' },
      { type: 'device', name: 'laptop', platform: 'linux', more: 'than v1 knows' },
    ] as unknown as ReplicaEvent[]; // what a newer or a hostile device may send

    expect(openEvents(keys, PLACE, sealEvents(keys, PLACE, events))).toEqual({
      events: [{ type: 'device', name: 'laptop', platform: 'linux' }],
      unknown: 3,
    });
  });

  it.each([
    { name: 'another device', place: { ...PLACE, deviceId: 'c'.repeat(64) } },
    { name: 'another index', place: { ...PLACE, index: 8 } },
    { name: 'another entry before it', place: { ...PLACE, previousHash: 'c'.repeat(64) } },
  ])('[S4] opens nothing under $name', ({ place }) => {
    const keys = createKeys();

    expect(openEvents(keys, place as EntryPlace, sealEvents(keys, PLACE, []))).toBeNull();
  });
});
