import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeCommands, encodeCommands } from '../../../../src/core/sources/shell-history/command-entry.ts';
import { MAX_PREVIEW_COMMANDS, previewCommands } from '../../../../src/core/sources/shell-history/preview.ts';
import { previewWith } from '../../../support/previews.ts';

const NO_RULES = {
  excludes: { path: () => false, url: () => false, command: () => false },
  redact: (text: string) => text,
};

describe('previewCommands()', () => {
  it('shows the commands of all segments in order', async () => {
    const first = encodeCommands([{ command: 'one', cwd: '/a', atMs: 0, durationMs: 1.4, exitCode: 3 }], NO_RULES);
    const second = encodeCommands([{ command: 'two' }], NO_RULES);
    const tenth = encodeCommands([{ command: 'ten' }], NO_RULES);

    const streams = { 'commands.10': tenth, 'commands.2': second, commands: first };
    const shown = await previewWith(previewCommands, { attributes: { shell: 'zsh' } }, streams);

    expect(shown).toEqual({
      type: 'commands',
      shell: 'zsh',
      commands: [
        { command: 'one', cwd: '/a', at: '1970-01-01T00:00:00.000Z', durationMs: 1, exitCode: 3 },
        { command: 'two' },
        { command: 'ten' },
      ],
      omitted: 0,
    });
  });

  it('leaves out the oldest of too many, and says how many', async () => {
    const entries = Array.from({ length: MAX_PREVIEW_COMMANDS + 5 }, (_, at) => ({ command: `echo ${at}` }));

    const shown = await previewWith(previewCommands, {}, { commands: encodeCommands(entries, NO_RULES) });

    expect(shown.omitted).toBe(5);
    expect(shown.commands[0]?.command).toBe('echo 5');
  });

  it('takes any bytes', async () => {
    const line = fc.oneof(
      fc.string(),
      fc
        .record({ command: fc.anything(), atMs: fc.anything(), durationMs: fc.anything() })
        .map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line), async (lines) => {
        await previewWith(previewCommands, {}, { commands: lines.join('\n') });
      }),
    );
  });
});

describe('encodeCommands() and decodeCommands()', () => {
  it('give back what was put in, lines and quotes and all', () => {
    const entry = fc.record({
      command: fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !/^\s/.test(text) && text.isWellFormed()),
      cwd: fc.constantFrom('/', '/a "b"\n'),
      exitCode: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        expect(decodeCommands(encodeCommands(entries, NO_RULES))).toEqual(entries);
      }),
    );
  });
});
