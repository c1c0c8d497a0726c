import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { highlightLines } from '../../../src/renderer/components/code/highlighter.ts';
import { highlightPatch, parsePatch } from '../../../src/renderer/components/code/patch-lines.ts';
import { joinLines } from '../../../src/renderer/components/code/segments.ts';

const LANGUAGES =
  'bash cpp css diff go ini java javascript json jsx markdown python rust sql tsx typescript xml html yaml nonsense'.split(
    ' ',
  );

/** Pieces of source text in a row come upon more of a grammar than random letters do. */
const SOURCE = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '`${',
        '}',
        '"',
        "'",
        '/*',
        '*/',
        '<script>',
        '</script>',
        '<b a="',
        '```',
        '# ',
        '\n',
        '\r\n',
        '\\',
        '&amp;',
        '&lt;',
        '{',
        '(',
        '#{',
        '<<EOF\n',
        '--',
        '//',
        'function f',
        'class A',
        '\u202e',
        '😀',
        '\ud800',
      ),
      fc.string(),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

describe('highlightLines()', () => {
  it('gives any text back unchanged', () => {
    fc.assert(
      fc.property(SOURCE, fc.constantFrom(...LANGUAGES), (text, language) => {
        expect(joinLines(highlightLines(text, language))).toBe(text);
      }),
      { numRuns: 600 },
    );
  });

  it('says what is what', () => {
    const [line] = highlightLines("const a = 'x';", 'ts');

    expect(line).toContainEqual({ text: 'const', scope: 'keyword' });
    expect(line).toContainEqual({ text: "'x'", scope: 'string' });
  });

  it('leaves texts plain that are too long, or made to nest for ever', () => {
    const nested = '`${'.repeat(15_000);

    expect(joinLines(highlightLines(nested, 'ts'))).toBe(nested);
    expect(highlightLines('let a;\n'.repeat(20_000), 'ts')[0]).toEqual([{ text: 'let a;', scope: '' }]);
  });
});

describe('parsePatch()', () => {
  const PATCH = `diff --git a/x.ts b/x.ts
index 1..2 100644
--- a/x.ts
+++ b/x.ts
@@ -3,3 +3,4 @@ function f() {
 a
-b
+c
+--- d
 e
\\ No newline at end of file
`;

  it('numbers the lines of both sides', () => {
    expect(parsePatch(PATCH)).toEqual([
      { type: 'hunk', text: 'function f() {' },
      { type: 'context', text: 'a', oldNumber: 3, newNumber: 3 },
      { type: 'removed', text: 'b', oldNumber: 4 },
      { type: 'added', text: 'c', newNumber: 4 },
      { type: 'added', text: '--- d', newNumber: 5 },
      { type: 'context', text: 'e', oldNumber: 5, newNumber: 6 },
      { type: 'note', text: 'No newline at end of file' },
    ]);
  });

  it('shows what is no patch as it is', () => {
    expect(parsePatch('not kept: too large')).toEqual([{ type: 'note', text: 'not kept: too large' }]);
  });

  it('is coloured without losing a letter', () => {
    fc.assert(
      fc.property(SOURCE, (text) => {
        const lines = parsePatch(`${PATCH}${text}`);
        const coloured = highlightPatch(lines, 'typescript', highlightLines);
        expect(coloured.map((line) => line.map((segment) => segment.text).join(''))).toEqual(
          lines.map((line) => line.text),
        );
      }),
    );
  });
});
