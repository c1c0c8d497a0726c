import { describe, expect, it } from 'vitest';

import { readRunner, writeRunner } from '../../../src/cli/runner.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

/** Stops the run once its first capture is there. */
function stoppingAfterFirstCapture(core: FakeCore): AbortSignal {
  const stop = new AbortController();
  const save = core.vault.save.bind(core.vault);
  core.vault.save = async (request) => {
    const result = await save(request);
    setImmediate(() => stop.abort());
    return result;
  };
  return stop.signal;
}

describe('cairn run', () => {
  it('captures, takes a last one at the signal, and ends with 0', async () => {
    const core = new FakeCore();

    const { exitCode, stdout } = await runCairn(['run', '--interval', '5'], {
      core,
      signal: stoppingAfterFirstCapture(core),
    });

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^\d\d:\d\d:\d\d {2}[0-9a-f]{8} {2}1 item, 1 changed\nStopped after 2 captures\. The last is [0-9a-f]{8}\.\n$/,
    );
  });

  it('prints one document at its end', async () => {
    const core = new FakeCore();

    const { json, stderr } = await runCairn(['run', '--json'], { core, signal: stoppingAfterFirstCapture(core) });

    expect(json()).toMatchObject({ captures: 2, failures: 0, last: { items: 1, changed: 0 } });
    expect(stderr).toContain('Capturing tmux every 30 seconds.');
  });

  it('leaves a note while it runs and takes it away', async () => {
    const core = new FakeCore();
    const signal = stoppingAfterFirstCapture(core);
    const save = core.vault.save.bind(core.vault);
    const seen: unknown[] = [];
    core.vault.save = async (request) => {
      seen.push(await readRunner(core.vault));
      return save(request);
    };

    await runCairn(['run'], { core, signal });

    core.vault.isClosed = false;
    expect(seen[0]).toEqual({ pid: 4242, startedAtMs: core.nowMs, intervalMs: 30_000 });
    expect(await readRunner(core.vault)).toBeNull();
  });

  it('warns of another run, but not of one that died', async () => {
    const core = new FakeCore();
    await writeRunner(core.vault, { pid: 77, startedAtMs: core.nowMs, intervalMs: 30_000 });

    const dead = await runCairn(['run'], { core, signal: stoppingAfterFirstCapture(core) });
    core.vault.isClosed = false;
    await writeRunner(core.vault, { pid: 77, startedAtMs: core.nowMs, intervalMs: 30_000 });
    const alive = await runCairn(['run'], { core, signal: stoppingAfterFirstCapture(core), alive: [77] });

    expect(dead.stderr).not.toContain('another');
    expect(alive.stderr).toContain('another `cairn run` (process 77)');
  });

  it.each(['0', 'x', '-5', '2d', '100000'])('refuses an interval of %s', async (interval) => {
    expect((await runCairn(['run', '--interval', interval])).exitCode).toBe(2);
  });
});
