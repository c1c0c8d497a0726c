import { describe, expect, it } from 'vitest';

import { splitBlocks, summarizeInput, toPieces } from '../../../src/renderer/components/conversation/message-blocks.ts';
import {
  addWindow,
  missingWindows,
  type Loaded,
} from '../../../src/renderer/components/conversation/message-windows.ts';

const code = (text: string, language = '') => ({ type: 'code', text, language });
const text = (content: string) => ({ type: 'text', text: content });

describe('splitBlocks()', () => {
  it.each([
    ['no fence', 'a\n\nb', [text('a\n\nb')]],
    ['a fence between paragraphs', 'a\n\n```TS\nlet x;\n```\n\nb', [text('a'), code('let x;', 'ts'), text('b')]],
    ['a longer fence around a shorter one', '````md\n```\nx\n```\n````', [code('```\nx\n```', 'md')]],
    ['tildes', '~~~\n```\n~~~', [code('```')]],
    ['a fence that is never closed', 'a\n```sh\nls', [text('a'), code('ls', 'sh')]],
    ['an empty fence', '```\n```', [code('')]],
    ['carriage returns', '```js\r\nx\r\n```\r\ny', [code('x\r', 'js'), text('y')]],
    ['backticks inside a line', 'a ```b``` c', [text('a ```b``` c')]],
    ['nothing', '', []],
  ])('%s', (_name, source, blocks) => {
    expect(splitBlocks(source)).toEqual(blocks);
  });
});

describe('toPieces()', () => {
  it('puts a result to its call', () => {
    expect(
      toPieces([
        { type: 'tool-call', name: 'Bash', input: '{}' },
        { type: 'tool-result', text: 'ok', isError: true },
        { type: 'tool-result', text: 'alone', isError: false },
      ]),
    ).toEqual([
      { type: 'tool', name: 'Bash', input: '{}', result: 'ok', isError: true },
      { type: 'tool', name: '', input: '', result: 'alone', isError: false },
    ]);
  });
});

describe('summarizeInput()', () => {
  it('tells the command, the file, or the input itself', () => {
    expect(summarizeInput('{"description":"d","command":"npm\\n test"}')).toBe('npm test');
    expect(summarizeInput('{"x": 1')).toBe('{"x": 1');
    expect(summarizeInput('y'.repeat(500))).toHaveLength(120);
  });
});

describe('message windows', () => {
  const window = (firstIndex: number, count: number) => ({
    type: 'conversation' as const,
    firstIndex,
    messageCount: 350,
    messages: Array.from({ length: count }, (_, at) => ({
      role: 'user' as const,
      parts: [{ type: 'text' as const, text: String(firstIndex + at) }],
    })),
  });

  it('asks for what is missing in sight, once a window', () => {
    const loaded: Loaded = addWindow(null, window(310, 40));

    expect(missingWindows(loaded, 290, 349)).toEqual([200, 300]);
    expect(missingWindows(loaded, 310, 400)).toEqual([]);
    expect(missingWindows(addWindow(loaded, window(200, 100)), 205, 309)).toEqual([300]);
    expect(missingWindows(loaded, -20, 3)).toEqual([0]);
  });
});
