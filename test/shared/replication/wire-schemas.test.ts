import { describe, expect, it } from 'vitest';

import { approveRequestSchema, emailSchema, helloAnswerSchema } from '../../../src/shared/replication/account.ts';
import { refusalSchema, REFUSALS } from '../../../src/shared/replication/errors.ts';
import type { DeviceId, VaultKeyId } from '../../../src/shared/replication/ids.ts';
import { encodeJoinTranscript } from '../../../src/shared/replication/join-transcript.ts';
import { answerJoinRequestSchema, pullRequestSchema } from '../../../src/shared/replication/replica.ts';
import { pathOf, ROUTES, type RouteName } from '../../../src/shared/replication/routes.ts';

const VAULT = 'aa'.repeat(32) as VaultKeyId;
const DEVICE = 'bb'.repeat(32) as DeviceId;

describe('wire schemas', () => {
  it('take a user code as people type it', () => {
    const approval = { userCode: ' bcdf-2345 ', email: ' A@Example.org ', password: 'x' };

    expect(approveRequestSchema.parse(approval)).toEqual({
      userCode: 'BCDF2345',
      email: 'a@example.org',
      password: 'x',
    });
  });

  it.each(['', 'a', 'a@', `${'a'.repeat(250)}@example.org`])('refuse the address %j', (email) => {
    expect(emailSchema.safeParse(email).success).toBe(false);
  });

  it('fill in what a pull leaves out', () => {
    expect(pullRequestSchema.parse({ after: [] })).toEqual({ after: [], maxEntries: 1_000, maxBytes: 8 * 1024 * 1024 });
  });

  it('know every refusal by its code', () => {
    const read = Object.keys(REFUSALS).map(
      (code) => refusalSchema.safeParse({ error: { code, message: 'm', hint: 'h', retryable: false } }).success,
    );

    expect(read.every(Boolean)).toBe(true);
  });

  it('refuse an approval without a key', () => {
    expect(answerJoinRequestSchema.safeParse({ answer: 'approve', sealedKey: '' }).success).toBe(false);
    expect(answerJoinRequestSchema.safeParse({ answer: 'refuse' }).success).toBe(true);
  });

  it('say who must be upgraded', () => {
    const hello = {
      product: 'cairn-server',
      serverVersion: '1',
      protocol: { oldest: 1, newest: 1 },
      signUp: 'open',
      serverTimeMs: 0,
    };
    expect(helloAnswerSchema.safeParse(hello).success).toBe(true);
    expect(helloAnswerSchema.safeParse({ ...hello, product: 'other' }).success).toBe(false);
  });
});

describe('pathOf()', () => {
  it('leaves no id open', () => {
    const paths = (Object.keys(ROUTES) as RouteName[]).map((route) => pathOf(route, { vault: VAULT, device: DEVICE }));

    expect(paths.filter((path) => path.includes('{'))).toEqual([]);
    expect(new Set(paths).size).toBe(paths.length);
  });
});

describe('encodeJoinTranscript()', () => {
  it('differs with each of its parts', () => {
    const base = { vaultId: VAULT, signingKey: '01'.repeat(32), agreementKey: '02'.repeat(32) };
    const all = [
      base,
      { ...base, vaultId: DEVICE as string as VaultKeyId },
      { ...base, signingKey: '03'.repeat(32) },
      { ...base, agreementKey: '03'.repeat(32) },
    ];

    expect(new Set(all.map((one) => String(encodeJoinTranscript(one)))).size).toBe(4);
    expect(() => encodeJoinTranscript({ ...base, signingKey: 'zz' })).toThrow(RangeError);
  });
});
