import { describe, expect, it } from 'vitest';

import { aConversation, aTerminal } from '../../support/captures.ts';
import { TEST_NOW_MS, TEST_PASSWORD } from '../../support/test-vault.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const DAY_MS = 86_400_000;

function newMachine(): FakeCore {
  const core = new FakeCore();
  core.isThere = false;
  core.enabled = [];
  return core;
}

describe('cairn start', () => {
  it('says what to run where there is no terminal, and makes nothing', async () => {
    const { exitCode, stdout, core } = await runCairn(['start'], { core: newMachine() });

    expect(exitCode).toBe(0);
    expect(stdout).toContain('cairn init --password-file FILE');
    expect(core.createdWith).toBeNull();
    expect((await runCairn(['start', '--json'])).json()).toMatchObject({ interactive: false, hasVault: true });
  });

  it('leads from nothing to a proven restore', async () => {
    const core = newMachine();
    core.items = [
      aTerminal('a'),
      aConversation('soon', '{}', { attributes: { expiresAtMs: TEST_NOW_MS + 3 * DAY_MS } }),
      aConversation('later', '{}', { attributes: { expiresAtMs: TEST_NOW_MS + 20 * DAY_MS } }),
    ];

    const { exitCode, stderr } = await runCairn(['start'], {
      core,
      answers: [TEST_PASSWORD, TEST_PASSWORD, 'XXXX', 'jjjj', '1', ''],
    });

    expect(exitCode).toBe(0);
    expect(core.createdWith).toBe(TEST_PASSWORD);
    expect(core.enabled).toEqual(['tmux']);
    expect(stderr).toContain('That is not its end.');
    expect(stderr).toContain('Found 1 terminal and 2 conversations.');
    expect(stderr).toContain('1 conversation would be deleted by its own tool within 10 days; here it stays.');
    expect(stderr).toContain('Captured, lost, and brought back.');
    expect(stderr).not.toContain(TEST_PASSWORD);
    expect(core.vault.isClosed).toBe(true);
  });

  it('goes on with a tour that was broken off', async () => {
    const core = newMachine();
    const first = await runCairn(['start'], { core, answers: [TEST_PASSWORD, TEST_PASSWORD, 'skip'] });

    const second = await runCairn(['start'], { core, answers: [TEST_PASSWORD, 'all', ''] });

    expect([first.exitCode, second.exitCode]).toEqual([1, 0]);
    expect(second.stderr).toContain('3 of 5');
    expect(second.stderr).not.toContain('1 of 5');
    expect(core.enabled).toEqual(['tmux', 'claude-code']);
  });

  it('shows how things stand once all is there', async () => {
    const core = new FakeCore();
    await runCairn(['capture'], { core });

    const { stdout } = await runCairn(['start'], { core, answers: [TEST_PASSWORD] });

    expect(stdout).toContain('Last capture');
  });
});
