import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseSpool } from '../../../../src/core/sources/shell-history/parse-spool.ts';
import { utf8 } from '../../../support/captures.ts';
import { headerBytes, noteBytes } from './spool-workshop.ts';

const HEADER = headerBytes({ home: '/home/dev', pid: 42, shell: 'zsh' });

const note = fc.record({
  number: fc.integer({ min: 1, max: 1_000_000 }),
  command: fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('\0')),
  cwd: fc.string().map((text) => `/${text.replaceAll('\0', '')}`),
  atMs: fc.nat(),
  durationMs: fc.nat(),
  exitCode: fc.integer({ min: 0, max: 255 }),
});

describe('parseSpool()', () => {
  it('reads the shell and its commands', () => {
    const spool = parseSpool(utf8(HEADER + noteBytes({ number: 1, command: "for i in 1 2\ndo echo '日本'; done" })));

    expect(spool).toEqual({
      header: {
        shell: 'zsh',
        pid: 42,
        startedAtMs: 1_795_206_831_000,
        tty: '/dev/pts/7',
        pane: 'tmux:/tmp/t:%3',
        home: '/home/dev',
      },
      records: [
        {
          number: 1,
          atMs: 1_795_206_831_001,
          durationMs: 12,
          exitCode: 0,
          cwd: '/home/dev/api',
          command: "for i in 1 2\ndo echo '日本'; done",
        },
      ],
    });
  });

  it('gives back what was written, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(note), (notes) => {
        expect(parseSpool(utf8(HEADER + notes.map(noteBytes).join(''))).records).toEqual(notes);
      }),
    );
  });

  it('leaves out a record that is cut, and reads the ones before it', () => {
    const whole = utf8(HEADER + noteBytes({ number: 1, command: 'echo one' }) + noteBytes({ number: 2, command: 'x' }));
    for (let length = 0; length < whole.length; length += 1) {
      const numbers = parseSpool(whole.subarray(0, length)).records.map(({ number }) => number);

      expect([[], [1]]).toContainEqual(numbers);
    }
  });

  it('goes on after a torn record', () => {
    const torn = noteBytes({ number: 1, command: 'echo one' }).slice(0, 14);
    const notes = [2, 3].map((number) => noteBytes({ number, command: `echo ${number}` })).join('');

    expect(parseSpool(utf8(HEADER + torn + notes)).records.map(({ number }) => number)).toContain(3);
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        const { records } = parseSpool(bytes);
        expect(records.every(({ command }) => command !== '')).toBe(true);
      }),
    );
  });

  it('takes any fields', () => {
    const field = fc.oneof(fc.string(), fc.constantFrom('\u001eH', '\u001eC', '1', 'bash', '/', '-1', '9'.repeat(30)));
    fc.assert(
      fc.property(fc.array(field, { maxLength: 40 }), (fields) => {
        for (const { number, exitCode } of parseSpool(utf8(fields.join('\0'))).records)
          expect(Number.isSafeInteger(number) && Number.isSafeInteger(exitCode)).toBe(true);
      }),
    );
  });
});
