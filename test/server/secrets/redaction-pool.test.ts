import { describe, expect, it } from 'vitest';

import { RedactionPool } from '../../../src/server/secrets/redaction-pool.ts';
import { made } from '../../support/secret-samples.ts';

describe('RedactionPool', () => {
  it('redacts, many at a time, each its own', async () => {
    await using pool = new RedactionPool({ threads: 2 });
    const tokens = Array.from({ length: 8 }, (_, at) => `ghp_${made(36, undefined, at * 7)}`);

    const results = await Promise.all(tokens.map((token) => pool.redact({ token, at: `x ${token}` })));

    for (const { document, secrets, places } of results) {
      expect({ secrets, places }).toEqual({ secrets: 1, places: 2 });
      expect(JSON.stringify(document)).toMatch(/\[REDACTED:github-token:1\].*\[REDACTED:github-token:1\]/);
    }
  });

  it('[S20] gives nothing back where the time is over, and goes on with others', async () => {
    await using pool = new RedactionPool({ threads: 1, limitMs: 150 });
    const endless = { text: Array.from({ length: 60_000 }, (_, at) => `password: secret-${at}x`).join('\n') };

    const late = pool.redact(endless);
    await expect(late).rejects.toMatchObject({ code: 'PUBLISH_REDACTION_FAILED' });

    await using other = new RedactionPool({ threads: 1 });
    expect((await other.redact({ a: 'b' })).document).toEqual({ a: 'b' });
  });

  it('takes no work after it was closed, and leaves nobody waiting', async () => {
    const pool = new RedactionPool({ threads: 1 });
    const first = pool.redact({ a: 'x' }).catch((error: unknown) => error);
    await pool.close();

    await expect(pool.redact({ a: 'y' })).rejects.toMatchObject({
      code: 'PUBLISH_REDACTION_FAILED',
      isRetryable: true,
    });
    await first;
  });
});
