import { describe, expect, it } from 'vitest';

import { renderFindings, renderPlan } from '../../../src/cli/render/secrets.ts';
import type { SecretFinding } from '../../../src/core/secrets/scan-secrets.ts';
import type { Vault } from '../../../src/core/vault/vault.ts';
import type { SyncDevice } from '../../../src/shared/contract/sync.ts';
import { AppError } from '../../../src/shared/model/app-error.ts';
import { deviceIdSchema } from '../../../src/shared/replication/ids.ts';
import { aCapture, aTerminal, TMUX } from '../../support/captures.ts';
import { FakeVault } from '../../support/fake-vault.ts';
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
    others: [],
    ...overrides,
  };
}

async function withVault(): Promise<FakeCore> {
  const core = new FakeCore();
  await core.vault.save(aCapture([aTerminal('a')]));
  return core;
}

function aDevice(name: string, overrides: Partial<SyncDevice> = {}): SyncDevice {
  const id = Buffer.from(name).toString('hex').padEnd(64, '0');
  const rest = { platform: 'linux', isThis: false, state: 'active', lastSeenAt: null, newestAt: null } as const;
  return { id: deviceIdSchema.parse(id), name, ...rest, snapshots: 1, skipped: 0, ...overrides };
}

describe('cairn secrets scan', () => {
  it('says where nothing was found', async () => {
    const { stdout, json } = await runCairn(['secrets', 'scan', '--json'], { core: await withVault() });
    expect(json()).toEqual({ findings: [], cut: false });
    expect(stdout).not.toContain('redaction');
    expect((await runCairn(['secrets', 'scan'], { core: await withVault() })).stdout).toMatch(/^No secret was found/);
  });

  describe('with what other devices captured', () => {
    const token = ['ghp', `Zx9${'Qw3rT7yU'.repeat(4)}k`].join('_');
    const withOthers = async (history: (device: string) => Promise<Vault>) => {
      const core = await withVault();
      const ids = [aDevice('laptop', { isThis: true }), aDevice('desktop'), aDevice('tablet')];
      core.others = { devices: async () => ids, history };
      return core;
    };

    it('says which device it was, and overwrites nothing of it', async () => {
      const desktop = new FakeVault();
      await desktop.save(aCapture([aTerminal('b', { title: `curl ${token}` })]));
      desktop.listTexts = async () => ({
        texts: [{ anchor: -1, bytes: Uint8Array.from(Buffer.from(`curl ${token}`)), type: 'fact' }],
        next: null,
        position: 1,
        total: 1,
      });
      const core = await withOthers(async (device) => {
        if (device === aDevice('desktop').id) return desktop;
        throw new AppError('DEVICE_NOT_FOUND', 'There is no such device.');
      });

      const { json, stderr, exitCode } = await runCairn(['secrets', 'scan', '--redact', 'all', '--yes', '--json'], {
        core,
      });

      expect([exitCode, stderr]).toEqual([0, '']);
      const device = { id: aDevice('desktop').id, name: 'desktop', state: 'active' };
      expect(json()).toMatchObject({
        findings: [{ rule: 'github-token', count: 0, places: [], others: [{ device, count: 1, facts: 1 }] }],
        devices: [device],
        redaction: { dryRun: true, spots: 0 },
      });
    });

    it('goes on where one of them cannot be opened, and says so', async () => {
      const core = await withOthers(async () => {
        throw new AppError('VAULT_DAMAGED', 'The vault is damaged.');
      });

      const { json, stderr, exitCode } = await runCairn(['secrets', 'scan', '--json'], { core });

      expect(exitCode).toBe(0);
      expect(json()).toEqual({ findings: [], cut: false });
      expect(stderr).toContain('what desktop captured could not be looked through: The vault is damaged.');
    });
  });

  it.each([
    [['--since', 'soon'], 2],
    [['--redact', '0123456789ab'], 4],
  ])('%j has exit code %i', async (argv, exitCode) => {
    expect((await runCairn(['secrets', 'scan', ...argv], { core: await withVault() })).exitCode).toBe(exitCode);
  });
});

/** The same value in what another device captured. */
function elsewhere(name: string, state: 'active' | 'revoked' = 'active'): SecretFinding['others'][number] {
  const { count, places, facts, messages } = aFinding();
  return {
    device: { id: name.padEnd(64, '0'), name, state, wasThis: name === 'before' },
    count,
    places,
    facts,
    messages,
  };
}

describe('renderFindings()', () => {
  it('tells which other device captured it, and where it can be overwritten', () => {
    const both = aFinding({ others: [elsewhere('desktop'), elsewhere('old-one', 'revoked')] });
    const lines = renderFindings([both], false, { style, nowMs: TEST_NOW_MS });

    expect(lines[1]).toContain('9 times in 3 places');
    expect(lines[3]).toMatch(/^ {2}on desktop, terminal npm, scrollback: /);
    expect(lines[4]).toMatch(/^ {2}on old-one, terminal npm, scrollback: /);
    expect(lines.at(-2)).toBe(
      '1 secret in what desktop captured can only be overwritten there: run `cairn secrets scan --redact 0123456789ab` on desktop (the fingerprint is the same); with its next sync the server and the copy here follow.',
    );
    expect(lines.at(-1)).toMatch(
      /^1 secret in what old-one captured: it was ended .* keep them, here and on the server\.$/,
    );
  });

  it('tells how what this device was before lets it go', () => {
    const wordsOf = (state: 'active' | 'revoked') =>
      renderFindings([aFinding({ others: [elsewhere('before', state)] })], false, { style, nowMs: TEST_NOW_MS }).at(-1);

    expect(wordsOf('active')).toMatch(
      /as it was before its vault was put back or merged\): end it with `cairn sync revoke before00`/,
    );
    expect(wordsOf('revoked')).toContain('is overwritten there with the next sync, but for what only that history has');
  });

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
    const other = aFinding({ count: 0, places: [], spots: [], others: [elsewhere('desktop')] });
    expect(renderPlan([finding, other], null, style).join('\n')).toMatch(
      /Would overwrite 1 secret in 1 place .*\n1 secret of them also in what other devices captured: that is not overwritten from here\./s,
    );
    expect(words).toContain('Would overwrite 1 secret in 1 place with stars. Nothing was changed.');
    expect(words).toContain('2 places in titles, addresses or commands stay');
    expect(words).toContain('a later capture may bring it back');
    expect(words).toContain('Backups');
    expect(renderPlan([finding], { chunks: 1, spots: 1, left: 1 }, style).join('\n')).toContain('1 place had changed');
  });
});
