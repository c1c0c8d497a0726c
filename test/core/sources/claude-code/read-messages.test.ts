import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readMessages } from '../../../../src/core/sources/claude-code/read-messages.ts';

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../../fixtures/claude-code/claude-code__${name}.jsonl`, import.meta.url));
}

function line(uuid: string, parentUuid: string | null, content: unknown, more: object = {}): string {
  const role = 'role' in more ? more.role : 'user';
  return `${JSON.stringify({ type: role, uuid, parentUuid, message: { role, content }, ...more })}\n`;
}

function texts(transcript: string): string[] {
  return readMessages(Buffer.from(transcript)).messages.map(({ text }) => text);
}

describe('readMessages()', () => {
  it('reads a genuine forked conversation in order, with its tool calls and their results', () => {
    const { messages, unreadableLines } = readMessages(fixture('forked-session'));

    expect(unreadableLines).toBe(0);
    expect(messages.map(({ role, text }) => `${role}: ${text}`)).toEqual([
      'user: Turn one: please look at this repo',
      'assistant: Fake answer to: Turn one: please look at this repo',
      'user: Turn two: run it [TOOL:echo hello-from-tool | tee notes.txt; ls]',
      'assistant: I will run a tool.',
      'assistant: The tool ran; I saw its output. Done with that step.',
      'user: Turn three: thanks',
      'assistant: Fake answer to: Turn three: thanks',
      'user: Forked turn',
      'assistant: Fake answer to: Forked turn',
    ]);
    expect(messages[3]?.toolCalls).toMatchObject([
      { name: 'Bash', result: expect.stringContaining('hello-from-tool') },
    ]);
  });

  it('follows a genuine conversation over its compaction, to a call that never came back', () => {
    const { messages } = readMessages(fixture('killed-mid-tool-dangling-tool_use'));

    expect(messages[0]?.text).toBe('Interactive turn one: fix the login bug');
    expect(messages.at(-1)?.toolCalls).toMatchObject([{ name: 'Bash', result: null }]);
    expect(messages.filter(({ isMeta }) => isMeta).length).toBeGreaterThan(0);
  });

  it('goes on over a torn line', () => {
    const { messages, unreadableLines } = readMessages(fixture('torn-line-midfile-after-resume'));

    expect(unreadableLines).toBeGreaterThan(0);
    expect(messages.length).toBeGreaterThan(3);
    expect(texts(`${line('a', null, 'one')}{"type":"user","uu\n${line('c', 'b', 'three')}`)).toEqual(['one', 'three']);
  });

  it('reads a subagent', () => {
    const { messages } = readMessages(fixture('subagent-parent.subagents__agent-a171f9e404059eeaf'));

    expect(messages.length).toBeGreaterThan(1);
    expect(messages.every(({ isSidechain }) => isSidechain)).toBe(true);
  });

  it('leaves out a branch that was left, and goes back with a prompt that was taken back', () => {
    const tree = line('a', null, 'one') + line('b', 'a', 'wrong') + line('c', 'a', 'right');

    expect(texts(tree)).toEqual(['one', 'right']);
    expect(texts(`${tree}${JSON.stringify({ type: 'last-prompt', leafUuid: 'b' })}\n`)).toEqual(['one', 'wrong']);
  });

  it('merges a message that is split over records, results on other branches included', () => {
    const more = { role: 'assistant' };
    const split = (uuid: string, parent: string, block: object): string =>
      JSON.stringify({
        type: 'assistant',
        uuid,
        parentUuid: parent,
        message: { id: 'm', ...more, content: [block] },
      }) + '\n';
    const { messages } = readMessages(
      Buffer.from(
        line('a', null, 'go') +
          split('b', 'a', { type: 'tool_use', id: 't1', name: 'Bash' }) +
          split('c', 'a', { type: 'tool_use', id: 't2', name: 'Read' }) +
          line('d', 'b', [{ type: 'tool_result', tool_use_id: 't1', content: 'first' }]) +
          line('e', 'c', [{ type: 'tool_result', tool_use_id: 't2', content: 'second' }]),
      ),
    );

    expect(messages.map(({ toolCalls }) => toolCalls.map(({ result }) => result))).toEqual([[], ['first', 'second']]);
  });

  it('ends at a circle', () => {
    expect(texts(line('a', 'b', 'one') + line('b', 'a', 'two'))).toEqual(['one', 'two']);
  });

  it('takes any bytes, deep nesting and any damage to a genuine transcript', () => {
    readMessages(Buffer.from('['.repeat(1_000_000)));
    readMessages(Buffer.from(`{"a":`.repeat(200_000)));
    const genuine = fixture('subagent-parent');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(genuine.length - 1), fc.nat(400), (noise, at, cut) => {
        readMessages(noise);
        readMessages(Buffer.concat([genuine.subarray(0, at), noise, genuine.subarray(at + cut)]));
      }),
      { numRuns: 60 },
    );
    fc.assert(fc.property(fc.array(fc.json()), (lines) => void readMessages(Buffer.from(lines.join('\n')))));
  });
});
