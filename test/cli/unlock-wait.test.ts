import { expect, it } from 'vitest';

import { EXIT_FAILED, EXIT_DONE } from '../../src/cli/exit-code.ts';
import { FakeCore } from './fake-core.ts';
import { runCairn } from './test-shell.ts';

it('waits and then opens, so that a script with the right password does not fail for the wrong ones of others', async () => {
  const core = new FakeCore();
  core.waitMs = 1_500;

  const { exitCode, stderr } = await runCairn(['list'], { core });

  expect(exitCode).toBe(EXIT_DONE);
  expect(stderr).toContain('the next attempt waits 2 seconds');
  expect(core.opened).toHaveLength(1);
});

it('ends at a signal without having tried the password', async () => {
  const core = new FakeCore();
  core.waitMs = 60_000;
  const stop = new AbortController();
  setImmediate(() => stop.abort());

  const { exitCode } = await runCairn(['list'], { core, signal: stop.signal });

  expect(exitCode).toBe(EXIT_FAILED);
  expect(core.opened).toEqual([]);
});
