import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MAX_PREVIEW_LINES, previewTerminal } from '../../../../src/core/sources/terminal/preview.ts';
import { previewWith } from '../../../support/previews.ts';

describe('previewTerminal()', () => {
  it('shows the text with its colours, the size, the folder and the command', async () => {
    const attributes = {
      cwd: '/home/dev/api',
      argv: ['grep', '-e', 'a b', 'x'],
      pipeline: { 3: { argv: ['sort'] }, 2: { argv: ['head', '-n1'] } },
      window: { width: 200 },
      pane: { width: 99 },
    };

    const shown = await previewWith(
      previewTerminal,
      { attributes },
      { scrollback: '$ \u001b[32mgrep\u001b[0m\u0007\n' },
    );

    expect(shown).toEqual({
      type: 'terminal',
      text: '$ \u001b[32mgrep\u001b[0m\n',
      columns: 99,
      cwd: '/home/dev/api',
      command: "grep -e 'a b' x | head -n1 | sort",
      omittedLines: 0,
    });
  });

  it('shows a full-screen program below the text that it hides, and draws its lines', async () => {
    const streams = { scrollback: '$ vim\n', 'program-screen': '\u000elqk\u000f x\n' };

    expect((await previewWith(previewTerminal, {}, streams)).text).toBe('$ vim\n\u001b[0m┌─┐ x\n');
  });

  it('leaves out old lines, and says how many', async () => {
    const lines = Array.from({ length: MAX_PREVIEW_LINES + 5 }, (_, at) => `${at}`);

    const shown = await previewWith(
      previewTerminal,
      {},
      { scrollback: `${lines.join('\n')}\n`, 'program-screen': 'a\nb' },
    );

    expect(shown.omittedLines).toBe(7);
    expect(shown.text.startsWith('7\n8\n')).toBe(true);
    expect(shown.text.endsWith(`${MAX_PREVIEW_LINES + 4}\n\u001b[0ma\nb\n`)).toBe(true);
  });

  it('gives only the newest lines where only those are wanted', async () => {
    const streams = { scrollback: 'one\ntwo\nthree\n', 'program-screen': 'a\n' };

    expect(await previewWith(previewTerminal, {}, streams, { lines: 2 })).toMatchObject({
      text: 'three\n\u001b[0ma\n',
      omittedLines: 2,
    });
  });

  it('makes hostile text harmless', async () => {
    const scrollback =
      '<script>x</script>\u001b]8;;http://evil/\u001b\\link\u001b]8;;\u001b\\\u001b]52;c;eA==\u0007\u202egpj\n';

    expect((await previewWith(previewTerminal, {}, { scrollback })).text).toBe('<script>x</script>linkgpj\n');
  });

  it('shows a command with control characters as one line', async () => {
    const { command } = await previewWith(previewTerminal, { attributes: { argv: ['echo', 'a\nb\u001b[2J'] } }, {});

    expect(command).toBe('echo a b');
  });

  it('takes any facts and any bytes', async () => {
    const facts = fc.record(
      Object.fromEntries(
        ['cwd', 'argv', 'pipeline', 'pane', 'window'].map((name) => [
          name,
          fc.oneof(fc.jsonValue(), fc.record({ width: fc.jsonValue() }), fc.dictionary(fc.string(), fc.jsonValue())),
        ]),
      ),
    );
    await fc.assert(
      fc.asyncProperty(facts, fc.uint8Array({ maxLength: 300 }), async (attributes, bytes) => {
        await previewWith(
          previewTerminal,
          { attributes: JSON.parse(JSON.stringify(attributes)) },
          { scrollback: bytes },
        );
      }),
    );
    expect(await previewWith(previewTerminal, {}, {})).toEqual({
      type: 'terminal',
      text: '',
      columns: 80,
      omittedLines: 0,
    });
  });
});
