import { randomBytes } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createInboxKeyPair, openInboxDeposit, sealToInbox } from '../../../src/core/crypto/inbox-seal.ts';

const vaultId = Buffer.alloc(16, 3);

describe('sealToInbox()', () => {
  it('[V5] is opened by the private key only', () => {
    const pair = createInboxKeyPair();
    const deposit = sealToInbox(pair.publicKey, vaultId, 7, Buffer.from('captured while locked'), randomBytes);

    expect(openInboxDeposit(pair, vaultId, 7, deposit)?.toString()).toBe('captured while locked');
    expect(openInboxDeposit(createInboxKeyPair(), vaultId, 7, deposit)).toBeNull();
    expect(openInboxDeposit(pair, vaultId, 8, deposit)).toBeNull();
    expect(openInboxDeposit(pair, Buffer.alloc(16, 4), 7, deposit)).toBeNull();
  });

  it('[V5] opens neither changed nor arbitrary bytes', () => {
    const pair = createInboxKeyPair();
    const deposit = sealToInbox(pair.publicKey, vaultId, 1, Buffer.from('x'), randomBytes);
    for (let at = 0; at < deposit.length; at += 1) {
      const changed = Buffer.from(deposit);
      changed[at] = (changed[at] ?? 0) ^ 4;
      expect(openInboxDeposit(pair, vaultId, 1, changed), `byte ${at}`).toBeNull();
    }

    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(openInboxDeposit(pair, vaultId, 1, bytes)).toBeNull();
      }),
    );
  });
});
