import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  addBlock,
  findBlock,
  removeBlock,
  replaceBlock,
} from '../../../src/core/shell-integration/start-file-block.ts';
import { BLOCK_END, BLOCK_START } from '../../../src/core/sources/shell-history/hook-block.ts';

/** Start files of all kinds: bytes as latin1, with and without a line end. */
const startFile = fc
  .oneof(
    fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
    fc
      .array(fc.constantFrom('alias ll=ls\n', '\n', '\r\n', '# >>> conda >>>\n', 'fi', '\t', BLOCK_START.slice(2)))
      .map((lines) => lines.join('')),
  )
  .filter((text) => findBlock(text) === 'none');
const body = fc.constantFrom('. x', 'one\ntwo\n\nthree', "if [ -r '/a b' ]; then . '/a b'; fi");

function foundIn(text: string) {
  const block = findBlock(text);
  if (typeof block === 'string') throw new Error(block);
  return block;
}

describe('addBlock() and removeBlock()', () => {
  it('give back every file to the byte, also one that was not there', () => {
    fc.assert(
      fc.property(fc.option(startFile), body, (text, content) => {
        const added = addBlock(text, content);
        expect(removeBlock(added, foundIn(added))).toBe(text);
      }),
    );
  });

  it('give it back after the block was replaced', () => {
    fc.assert(
      fc.property(fc.option(startFile), body, body, (text, first, second) => {
        const added = addBlock(text, first);
        const replaced = replaceBlock(added, foundIn(added), second);
        expect(foundIn(replaced).body).toBe(second);
        expect(removeBlock(replaced, foundIn(replaced))).toBe(text);
      }),
    );
  });

  it('take out exactly the block where lines were added behind it', () => {
    fc.assert(
      fc.property(fc.option(startFile), fc.stringMatching(/^[a-z]{1,20}\n$/), body, (text, later, content) => {
        const added = addBlock(text, content) + later;
        const left = removeBlock(added, foundIn(added));
        const needsLineEnd = text !== null && text !== '' && !text.endsWith('\n');
        expect(left).toBe(`${text ?? ''}${needsLineEnd ? '\n' : ''}${later}`);
      }),
    );
  });
});

describe('findBlock()', () => {
  const block = addBlock('', '. x');

  it.each([
    ['two blocks', block + block],
    ['a start without its end', block.replace(BLOCK_END, '')],
    ['an end without its start', block.replace(BLOCK_START, '')],
    ['marks in the wrong order', `${BLOCK_END}\n${BLOCK_START}\n`],
  ])('refuses %s', (_name, text) => {
    expect(findBlock(text)).toBe('broken');
  });

  it('takes marks within a line for none', () => {
    expect(findBlock(`echo '${BLOCK_START}'\n`)).toBe('none');
  });
});
