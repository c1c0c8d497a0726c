// Conversations and the terminals that they ran in, restored together on a real tmux.

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { RestoreService, type RestoreRequest } from '../../../src/core/restore/restore-service.ts';
import { createClaudeCodeSource } from '../../../src/core/sources/claude-code/claude-source.ts';
import { readProcess } from '../../../src/core/sources/host/proc.ts';
import { findTmuxTerminal } from '../../../src/core/sources/tmux/open-tmux-terminal.ts';
import { createTmuxSource } from '../../../src/core/sources/tmux/tmux-source.ts';
import type { CapturedItem } from '../../../src/shared/model/item.ts';
import { aCapture, aConversation } from '../../support/captures.ts';
import { describeWith } from '../../support/programs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { DEFAULT_RESTORE_OPTIONS, toSnapshotItems, waitFor } from '../../support/test-host.ts';
import { openTestVault, TEST_NOW_MS, type TestVault } from '../../support/test-vault.ts';
import { openTmuxWorkshop, type TmuxWorkshop } from '../sources/tmux/tmux-workshop.ts';

const ID = '11111111-2222-3333-4444-555555555555';
const RESUME = `claude --resume ${ID}`;

describeWith(['tmux', 'bash'], 'restoring a conversation and its terminal', () => {
  let shop: TmuxWorkshop;
  let test: TestVault;
  let programs: TemporaryFolder;
  let nowMs = TEST_NOW_MS;

  beforeEach(async () => {
    programs = makeTemporaryFolder();
    shop = openTmuxWorkshop();
    test = await openTestVault();
  });
  afterEach(async () => {
    await test[Symbol.asyncDispose]();
    await shop[Symbol.asyncDispose]();
    programs[Symbol.dispose]();
  });

  /** A pane in which Claude Code ran, as it was captured, and the conversation that ran in it. */
  async function captureWorkspace(argv: readonly string[]): Promise<CapturedItem[]> {
    await shop.newSession('main', '-c', shop.folder);
    const [pane] = await shop.capture();
    if (pane === undefined) throw new Error('nothing captured');
    return [{ ...pane, attributes: { ...pane.attributes, argv: [...argv] } }, conversation(pane.key)];
  }

  function conversation(terminal?: string): CapturedItem {
    return aConversation(ID, '{"type":"user"}\n', {
      attributes: {
        id: ID,
        cwd: shop.folder,
        isLive: true,
        file: `projects/-x/${ID}.jsonl`,
        ...(terminal === undefined ? {} : { terminal }),
      },
    });
  }

  function transcript(): string {
    return join(shop.host.homeDir, '.claude/projects/-x', `${ID}.jsonl`);
  }

  /** Says, as Claude Code does, that this very process has the conversation open. */
  function register(): void {
    const sessions = join(shop.host.homeDir, '.claude/sessions');
    mkdirSync(sessions, { recursive: true });
    const procStart = String(readProcess('/proc', process.pid)?.startTime);
    const entry = { pid: process.pid, sessionId: ID, cwd: shop.folder, procStart, status: 'idle' };
    writeFileSync(join(sessions, `${process.pid}.json`), JSON.stringify(entry));
  }

  async function openService(items: readonly CapturedItem[]) {
    const saved = await test.vault.save(aCapture(items));
    const look = async () => toSnapshotItems(await shop.capture()).items;
    const service = new RestoreService({
      vault: test.vault,
      host: shop.host,
      sources: [createTmuxSource(), createClaudeCodeSource()],
      nowMs: () => (nowMs += 1_000),
      lookAtPresent: look,
      capturePresent: async () =>
        (await test.vault.save(aCapture(await shop.capture(), { kind: 'before-restore', takenAtMs: nowMs }))).summary
          .id,
      findTerminal: findTmuxTerminal,
    });
    const request = (overrides: Partial<RestoreRequest> = {}): RestoreRequest => ({
      snapshotId: saved.summary.id,
      only: [],
      options: DEFAULT_RESTORE_OPTIONS,
      signal: new AbortController().signal,
      ...overrides,
    });
    const progress = { signal: new AbortController().signal, onStep: () => undefined };
    return { service, request, progress };
  }

  it.each([
    ['where both are restored', []],
    ['where the terminal alone is', ['terminal']],
  ])('never resumes what runs elsewhere, %s', async (_where, only) => {
    const items = await captureWorkspace(['claude', '--resume', ID]);
    await shop.tmux('kill-server');
    register();
    const { service, request, progress } = await openService(items);
    const asked = request({ only, options: { ...DEFAULT_RESTORE_OPTIONS, shouldRunCommands: true } });

    const plan = await service.plan(asked);
    const planned = plan.steps.filter((step) => step.status === 'planned');
    expect(planned.map((step) => step.key)).toEqual(['tmux:main:0.0']);
    expect(
      JSON.stringify(planned.map(({ detail, payload }) => [detail, (payload as { command: unknown }).command])),
    ).not.toContain('--resume');

    await service.apply(plan, asked, progress);
    await shop.waitForProgram('main', 'bash');
    expect(await shop.screen('main:0.0')).not.toContain('--resume');
  });

  it('writes the transcript back before the program that reads it starts', async () => {
    const seen = join(shop.folder, 'seen');
    writeFileSync(
      join(programs.path, 'claude'),
      `#!/bin/sh\nif [ -e '${transcript()}' ]; then echo there > '${seen}'; else echo missing > '${seen}'; fi\n`,
    );
    chmodSync(join(programs.path, 'claude'), 0o755);
    // Panes begin with a login shell.
    writeFileSync(join(shop.host.homeDir, '.bash_profile'), `PATH=${programs.path}:$PATH\n`);
    const items = await captureWorkspace(['claude', '--resume', ID]);
    await shop.tmux('kill-session', '-t', 'main');
    const { service, request, progress } = await openService(items);
    const asked = request({ options: { ...DEFAULT_RESTORE_OPTIONS, shouldRunCommands: true } });

    const plan = await service.plan(asked);
    expect(plan.steps.map((step) => step.key)).toEqual([`claude-code:${ID}`, 'tmux:main:0.0']);
    await service.apply(plan, asked, progress);

    await waitFor('the program', () => existsSync(seen), 10_000);
    await waitFor('its word', () => readFileSync(seen, 'utf8') !== '');
    expect(readFileSync(seen, 'utf8')).toBe('there\n');
  });

  it('undo closes the window that was opened for it and takes its transcript away', async () => {
    const { service, request, progress } = await openService([conversation()]);
    await service.apply(await service.plan(request()), request(), progress);
    await shop.waitForScreen('cairn', RESUME);
    expect(existsSync(transcript())).toBe(true);

    const undone = await service.undo(progress);

    expect(undone.steps).toMatchObject([{ key: `claude-code:${ID}`, status: 'done' }]);
    await expect(shop.tmux('list-panes', '-t', 'cairn')).rejects.toThrow();
    expect(existsSync(transcript())).toBe(false);
  });

  it('undo leaves a window that was used since', async () => {
    const { service, request, progress } = await openService([conversation()]);
    await service.apply(await service.plan(request()), request(), progress);
    await shop.waitForScreen('cairn', RESUME);
    await shop.tmux('send-keys', '-t', 'cairn', 'C-u', 'sleep 300', 'Enter');
    await shop.waitForProgram('cairn', 'sleep');
    rmSync(transcript());

    const undone = await service.undo(progress);

    expect(undone.steps).toMatchObject([{ status: 'skipped', detail: expect.stringContaining('left open') }]);
    expect(await shop.tmux('list-panes', '-t', 'cairn', '-F', '#{pane_current_command}')).toContain('sleep');
  });
});
