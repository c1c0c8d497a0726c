import { describe, expect, it } from 'vitest';

import { renderFindings, renderPlan } from '../../../src/cli/render/secrets.ts';
import type { SecretFinding } from '../../../src/core/secrets/scan-secrets.ts';
import { aCapture, aTerminal, TMUX } from '../../support/captures.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const plain = (text: string): string => text;
const style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };

function aFinding(overrides: Partial<SecretFinding> = {}): SecretFinding {
  const place = { key: aTerminal('a').key, kind: 'terminal', source: TMUX, title: 'npm', where: 'scrollback' } as const;
  const times = { firstSeenMs: TEST_NOW_MS - 7_200_000, lastSeenMs: TEST_NOW_MS - 3_600_000 };
  return {
    rule: 'github-token',
    isCertain: true,
    fingerprint: '0123456789ab',
    masked: 'ghp_…, 40 characters',
    count: 3,
    places: [{ ...place, ...times, isThereNow: false }],
    spots: [{ anchor: 1, start: 0, end: 4, bytes: new Uint8Array(4) }],
    facts: 0,
    messages: [],
    ...overrides,
  };
}

async function withVault(): Promise<FakeCore> {
  const core = new FakeCore();
  await core.vault.save(aCapture([aTerminal('a')]));
  return core;
}

describe('cairn secrets scan', () => {
  it('says where nothing was found', async () => {
    const { stdout, json } = await runCairn(['secrets', 'scan', '--json'], { core: await withVault() });
    expect(json()).toEqual({ findings: [], cut: false });
    expect(stdout).not.toContain('redaction');
    expect((await runCairn(['secrets', 'scan'], { core: await withVault() })).stdout).toMatch(/^No secret was found/);
  });

  it.each([
    [['--since', 'soon'], 2],
    [['--redact', '0123456789ab'], 4],
  ])('%j has exit code %i', async (argv, exitCode) => {
    expect((await runCairn(['secrets', 'scan', ...argv], { core: await withVault() })).exitCode).toBe(exitCode);
  });
});

describe('renderFindings()', () => {
  it('tells rule, fingerprint, places and times, and what to do', () => {
    const lines = renderFindings([aFinding()], false, { style, nowMs: TEST_NOW_MS });
    expect(lines[0]).toBe('1 secret known by form, no values that a name calls secret.');
    expect(lines[1]).toBe('github-token  ghp_…, 40 characters  0123456789ab, 3 times in 1 place');
    expect(lines[2]).toMatch(/^ {2}terminal npm, scrollback: .* to 1 hour ago .*no longer in what was captured last$/);
    expect(lines.join(' ')).toMatch(/invalid where it was issued.*--redact FINGERPRINT/);
  });
});

describe('renderPlan()', () => {
  it('says what stays, and what may come back', () => {
    const [place] = aFinding().places;
    const finding = aFinding({ facts: 2, places: [{ ...place!, isThereNow: true }] });
    const words = renderPlan([finding], null, style).join('\n');
    expect(words).toContain('Would overwrite 1 secret in 1 place with stars. Nothing was changed.');
    expect(words).toContain('2 places in titles, addresses or commands stay');
    expect(words).toContain('a later capture may bring it back');
    expect(words).toContain('Backups');
    expect(renderPlan([finding], { chunks: 1, spots: 1, left: 1 }, style).join('\n')).toContain('1 place had changed');
  });
});
