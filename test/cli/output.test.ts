import { describe, expect, it } from 'vitest';

import { Output, toSafeJson, type OutputOptions } from '../../src/cli/output.ts';

function openOutput(
  options: {
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly env?: OutputOptions['env'];
    readonly isJson?: boolean;
  } = {},
) {
  const written = { stdout: '', stderr: '' };
  let nowMs = 0;
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: options.isTTY === true,
    columns: options.columns ?? 40,
    write: (text: string | Uint8Array) => {
      written[name] += String(text);
    },
  });
  const out = new Output({
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: options.env ?? {},
    isJson: options.isJson === true,
    nowMs: () => nowMs,
  });
  return { out, written, pass: (ms: number) => (nowMs += ms) };
}

const ERROR = { code: 'VAULT_LOCKED', message: 'Locked.', hint: 'Unlock it.', retryable: false } as const;

describe('Output', () => {
  it('takes a terminal that does not say how wide it is for one of the usual width', () => {
    const { out, written } = openOutput({ isTTY: true, columns: 0 });

    out.progress('Sealing anew').update({ done: 1, total: 2 });

    expect(out.width).toBeUndefined();
    expect(written.stderr).toContain('Sealing anew 1 of 2');
  });

  it('prints one document with --json and nothing else', () => {
    const { out, written } = openOutput({ isJson: true });

    out.lines(['for people']);
    out.result({ a: 1 }, () => ['for people']);

    expect(JSON.parse(written.stdout)).toEqual({ a: 1 });
  });

  it('prints an error as one line, or as a document', () => {
    const people = openOutput();
    const scripts = openOutput({ isJson: true });

    people.out.error({ ...ERROR, message: 'Two\nlines \x1b[31m.' });
    scripts.out.error(ERROR);

    expect(people.written).toEqual({ stdout: '', stderr: 'cairn: Two lines . Unlock it.\n' });
    expect(JSON.parse(scripts.written.stdout)).toEqual({ error: ERROR });
    expect(scripts.written.stderr).toBe('');
  });

  it.each([
    ['a terminal', true, {}, '\x1b[1mx\x1b[22m'],
    ['a pipe', false, {}, 'x'],
    ['NO_COLOR', true, { NO_COLOR: '1' }, 'x'],
    ['an empty NO_COLOR', true, { NO_COLOR: '' }, '\x1b[1mx\x1b[22m'],
    ['a dumb terminal', true, { TERM: 'dumb' }, 'x'],
  ])('colours on %s', (_name, isTTY, env, text) => {
    expect(openOutput({ isTTY, env }).out.style.bold('x')).toBe(text);
  });

  it('draws progress on a terminal only, not too often, and takes it away', () => {
    const { out, written, pass } = openOutput({ isTTY: true });
    const line = out.progress('Verifying');

    line.update({ done: 1, total: 2000 });
    line.update({ done: 2, total: 2000 });
    pass(150);
    line.update({ done: 1000, total: 2000 });
    line.end();

    expect(written.stderr).toBe('\r\x1b[KVerifying 1 of 2,000 (0 %)\r\x1b[KVerifying 1,000 of 2,000 (50 %)\r\x1b[K');
    const pipe = openOutput();
    pipe.out.progress('Verifying').update({ done: 1, total: 2 });
    expect(pipe.written.stderr).toBe('');
  });
});

describe('toSafeJson()', () => {
  it('escapes what a terminal would act upon, and means the same', () => {
    const document = { title: 'a\u009b31m\u202eb\u2028\u007f\u200b\ufeff\u0007' };

    const json = toSafeJson(document);

    expect(JSON.parse(json)).toEqual(document);
    expect(json).toMatch(/^[\x20-\x7e\n]*$/);
  });
});
