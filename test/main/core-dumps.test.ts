import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { turnOffCoreDumps } from '../../src/main/core-dumps.ts';
import { createRunProgram } from '../../src/core/sources/host/run-program.ts';

const run = createRunProgram(process.env);

describe('turnOffCoreDumps()', () => {
  it.runIf(process.platform === 'linux')('sets the limit of a process that runs', async () => {
    const child = spawn('sh', ['-c', 'ulimit -S -c unlimited 2>/dev/null; exec sleep 60']);
    try {
      await expect.poll(() => readFileSync(`/proc/${child.pid}/comm`, 'utf8').trim()).toBe('sleep');
      expect(await turnOffCoreDumps([child.pid ?? 0], { run, platform: 'linux' })).toBe(true);
      expect(readFileSync(`/proc/${child.pid}/limits`, 'utf8')).toMatch(/^Max core file size +0 /m);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('says so where it could not, and throws nothing', async () => {
    const failing = async (): Promise<never> => Promise.reject(new Error('no such program'));

    expect(await turnOffCoreDumps([1], { run: failing, platform: 'linux' })).toBe(false);
    expect(await turnOffCoreDumps([1], { run: failing, platform: 'darwin' })).toBe(false);
  });
});
