import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readClaudeConversation } from '../../../../src/core/sources/claude-code/read-messages.ts';
import { createConversationPreview } from '../../../../src/core/sources/conversation/preview-messages.ts';
import { previewWith } from '../../../support/previews.ts';

type Window = Parameters<typeof previewWith>[3];

const previewConversation = createConversationPreview(readClaudeConversation);
const preview = (transcript: string | Uint8Array<ArrayBuffer>, window: Window = {}) =>
  previewWith(previewConversation, {}, { transcript }, window);

function fixture(name: string): Uint8Array<ArrayBuffer> {
  const url = new URL(`../../../fixtures/claude-code/claude-code__${name}.jsonl`, import.meta.url);
  return new Uint8Array(readFileSync(url));
}

function line(at: number, role: string, content: unknown, more: object = {}): string {
  const parentUuid = at === 0 ? null : `u${at - 1}`;
  return `${JSON.stringify({ type: role, uuid: `u${at}`, parentUuid, message: { role, content }, ...more })}\n`;
}

describe('previewConversation()', () => {
  it('shows a genuine conversation with its calls and what they gave back', async () => {
    const { messages, firstIndex, messageCount } = await preview(fixture('forked-session'));

    expect([firstIndex, messageCount]).toEqual([0, 9]);
    expect(messages[0]).toEqual({
      role: 'user',
      at: '2026-11-20T19:57:14.011Z',
      parts: [{ type: 'text', text: 'Turn one: please look at this repo' }],
    });
    expect(messages[3]).toMatchObject({
      role: 'assistant',
      model: expect.any(String),
      parts: [
        { type: 'text', text: 'I will run a tool.' },
        { type: 'tool-call', name: 'Bash', input: expect.stringContaining('"command": "echo hello-from-tool') },
        { type: 'tool-result', text: expect.stringContaining('hello-from-tool'), isError: false },
      ],
    });
  });

  it('shows what the program wrote as its own, and a call that never came back without a result', async () => {
    const { messages } = await preview(fixture('killed-mid-tool-dangling-tool_use'));

    expect(messages.some(({ role }) => role === 'system')).toBe(true);
    expect(messages.at(-1)?.parts.at(-1)).toMatchObject({ type: 'tool-call', name: 'Bash' });
  });

  it('shows thoughts, errors, and of images only what they are', async () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAAAA==' } };
    const transcript =
      line(0, 'user', [image]) +
      line(1, 'assistant', [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'x' },
        { type: 'tool_use', id: 't', name: 'Look', input: { a: [1] } },
      ]) +
      line(2, 'user', [{ type: 'tool_result', tool_use_id: 't', is_error: true, content: [image] }]);

    const { messages } = await preview(transcript);

    const shownImage = { type: 'image', mediaType: 'image/png', sizeBytes: 4 };
    expect(messages.map(({ parts }) => parts)).toEqual([
      [shownImage],
      [
        { type: 'thinking', text: 'hm' },
        { type: 'tool-call', name: 'Look', input: '{\n  "a": [\n    1\n  ]\n}' },
        { type: 'tool-result', text: '', isError: true },
        shownImage,
      ],
    ]);
  });

  it('gives the newest messages, or those of a window', async () => {
    const transcript = Array.from({ length: 10 }, (_, at) => line(at, 'user', `m${at}`)).join('');
    const shown = async (window: Window) => {
      const { messages, firstIndex, messageCount } = await preview(transcript, window);
      return [firstIndex, messages.map(({ parts }) => (parts[0]?.type === 'text' ? parts[0].text : '')), messageCount];
    };

    expect(await shown({ limit: 3 })).toEqual([7, ['m7', 'm8', 'm9'], 10]);
    expect(await shown({ limit: 2, firstIndex: 4 })).toEqual([4, ['m4', 'm5'], 10]);
    expect(await shown({ limit: 3, firstIndex: 9 })).toEqual([9, ['m9'], 10]);
    expect(await shown({ limit: 3, firstIndex: 99 })).toEqual([10, [], 10]);
    expect(await shown({ limit: 0 })).toEqual([10, [], 10]);
  });

  it('shortens inputs, however deep and wide they are', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const call = (input: string): string =>
      line(0, 'assistant', [{ type: 'tool_use', id: 't', name: 'Write', input: '#' }]).replace('"#"', input);

    for (const input of [deep, JSON.stringify('x'.repeat(9_000)), JSON.stringify(Array.from({ length: 9_000 }))]) {
      const [part] = (await preview(call(input))).messages[0]?.parts ?? [];
      expect(part?.type === 'tool-call' && part.input.length <= 8_000).toBe(true);
      expect(part?.type === 'tool-call' && part.input).toContain('…');
    }
  });

  it('takes any bytes and any blocks, and shows hostile text as it is', async () => {
    const block = fc.record({
      type: fc.constantFrom('text', 'thinking', 'tool_use', 'tool_result', 'image', 'else'),
      text: fc.jsonValue(),
      thinking: fc.jsonValue(),
      id: fc.constantFrom('t', null),
      tool_use_id: fc.constant('t'),
      name: fc.jsonValue(),
      input: fc.jsonValue(),
      content: fc.jsonValue(),
      source: fc.jsonValue(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(block, { maxLength: 5 }),
        fc.oneof(fc.string(), fc.constantFrom('+275760-09-13T00:00:00Z', '0001-01-01T00:00:00Z')),
        fc.uint8Array({ maxLength: 200 }),
        async (blocks, timestamp, noise) => {
          await preview(new Uint8Array(noise));
          await preview(line(0, 'assistant', blocks, { timestamp }) + line(1, 'user', blocks, { isMeta: true }));
        },
      ),
    );
    const text = '<script>alert(1)</script>\u202e';
    expect((await preview(line(0, 'user', text))).messages[0]?.parts).toEqual([{ type: 'text', text }]);
    expect(await previewWith(previewConversation, {}, {})).toMatchObject({ messages: [], messageCount: 0 });
  });
});
