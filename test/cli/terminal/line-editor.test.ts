import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LineEditor } from '../../../src/cli/terminal/line-editor.ts';

function type(...parts: readonly string[]): { text: string; state: string; rest: string } {
  const editor = new LineEditor();
  let rest = '';
  for (const part of parts) rest = editor.feed(part);
  return { text: editor.text, state: editor.state, rest };
}

describe('LineEditor', () => {
  it.each([
    ['letters and Enter', ['hello\r'], { text: 'hello', state: 'entered', rest: '' }],
    ['a line that has not ended', ['hel'], { text: 'hel', state: 'open', rest: '' }],
    ['CRLF as one line end, and what follows', ['a\r\nb\r'], { text: 'a', state: 'entered', rest: 'b\r' }],
    ['backspace by letters, not by units', ['a😀\x7f\x7fb\n'], { text: 'b', state: 'entered', rest: '' }],
    ['Ctrl-U and Ctrl-W', ['abc\x15one two \x17x\r'], { text: 'one x', state: 'entered', rest: '' }],
    ['arrows and function keys', ['a\x1b[D\x1bOP\x1b[3~b\r'], { text: 'ab', state: 'entered', rest: '' }],
    ['a key that comes in parts', ['a\x1b', '[', 'Db\r'], { text: 'ab', state: 'entered', rest: '' }],
    ['the marks of a pasted text', ['\x1b[200~secret\x1b[201~\r'], { text: 'secret', state: 'entered', rest: '' }],
    ['Ctrl-C', ['abc\x03'], { text: 'abc', state: 'cancelled', rest: '' }],
    ['Ctrl-D on an empty line', ['\x04'], { text: '', state: 'cancelled', rest: '' }],
    ['Ctrl-D within a line as nothing', ['a\x04b\r'], { text: 'ab', state: 'entered', rest: '' }],
  ])('takes %s', (_name, parts, expected) => {
    expect(type(...parts)).toEqual(expected);
  });

  it('takes any bytes and never keeps a control character', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (parts) => {
        expect(type(...parts).text).not.toMatch(/[\x00-\x1f]/);
      }),
    );
  });
});
