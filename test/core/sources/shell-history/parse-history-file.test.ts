import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  parseBashHistory,
  parseFishHistory,
  parseZshHistory,
} from '../../../../src/core/sources/shell-history/parse-history-file.ts';
import { utf8 } from '../../../support/captures.ts';

function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../../../fixtures/shell/${name}`, import.meta.url));
}

describe('parseBashHistory()', () => {
  it('reads a genuine file with times', () => {
    const entries = parseBashHistory(fixture('bash_history'));

    expect(entries).toHaveLength(7);
    expect(entries[0]).toEqual({ command: 'echo one', atMs: 1_795_206_825_000 });
    expect(entries[3]?.command).toBe("echo '日本語 ünïcode; a\\b # c'");
  });

  it('reads lines without times as commands', () => {
    expect(parseBashHistory(utf8('ls\n# a comment\n#12 no time\n\ncd /x\n')).map(({ command }) => command)).toEqual([
      'ls',
      '# a comment',
      '#12 no time',
      'cd /x',
    ]);
  });

  it('keeps the lines of a command together where times part the commands', () => {
    const text = "#1795206825\ncat <<'END'\n\nEND\n#1795206826\nls\n";

    expect(parseBashHistory(utf8(text)).map(({ command }) => command)).toEqual(["cat <<'END'\n\nEND", 'ls']);
  });
});

describe('parseZshHistory()', () => {
  it('reads a genuine file with metafied bytes, durations and a command of two lines', () => {
    const entries = parseZshHistory(fixture('zsh_history'));

    expect(entries).toHaveLength(8);
    expect(entries[3]).toEqual({ command: "echo '日本語 ünïcode; a\\b # c'", atMs: 1_795_206_833_000 });
    expect(entries[4]?.command).toBe('for i in 1 2; do\necho $i; done');
    expect(entries[5]).toEqual({ command: 'sleep 2', atMs: 1_795_206_833_000, durationMs: 2_000 });
  });

  it('reads backslashes at the end as zsh 5.9 writes them', () => {
    const text = [': 1795766169:0;echo a\\\\ ', ': 1795766169:0;echo a\\\\', 'more', 'plain', ''].join('\n');

    expect(parseZshHistory(utf8(text)).map(({ command }) => command)).toEqual([
      'echo a\\\\',
      'echo a\\\nmore',
      'plain',
    ]);
  });
});

describe('parseFishHistory()', () => {
  it('reads a genuine file', () => {
    const entries = parseFishHistory(fixture('fish_history'));

    expect(entries).toHaveLength(8);
    expect(entries[3]).toEqual({ command: "echo '日本語 ünïcode; a\\b # c'", atMs: 1_795_206_838_000 });
    expect(entries[4]?.command).toBe('for i in 1 2\necho $i; end');
  });

  it('takes no path for a command', () => {
    const text = '- cmd: ls - cmd: x\n  when: 5\n  paths:\n    - - cmd: evil\n';

    expect(parseFishHistory(utf8(text))).toEqual([{ command: 'ls - cmd: x', atMs: 5_000 }]);
  });
});

describe('every parser of history files', () => {
  const parsers = [parseBashHistory, parseZshHistory, parseFishHistory];
  const piece = fc.constantFrom('#1795206825\n', ': 1:2;', '\\\n', '- cmd: ', '  when: 9\n', '\u0083', '\n', 'x', ' ');

  it('takes any bytes and gives commands that are none of them empty', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.array(piece).map((pieces) => utf8(pieces.join(''))),
        ),
        (bytes) => {
          for (const parse of parsers) {
            for (const { command, atMs, durationMs } of parse(bytes)) {
              expect(command).not.toBe('');
              expect(Number.isFinite(atMs ?? 0) && Number.isFinite(durationMs ?? 0)).toBe(true);
            }
          }
        },
      ),
    );
  });

  it('gives back commands of one line', () => {
    const line = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((text) => !/[\n\\]/.test(text) && text.isWellFormed() && !/^#\d+$/.test(text));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const fish = lines.map((text) => `- cmd: ${text}\n  when: 7\n`).join('');
        const bash = lines.map((text) => `#7\n${text}\n`).join('');
        expect(parseFishHistory(utf8(fish)).map(({ command }) => command)).toEqual(lines);
        expect(parseBashHistory(utf8(bash)).map(({ command }) => command)).toEqual(lines);
      }),
    );
  });
});
