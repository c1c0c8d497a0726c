// What of a session leaves the machine: nothing that was cut in the middle of a word.

import { describe, expect, it } from 'vitest';

import type { Session } from '../../../../src/core/sessions/session.ts';
import type { ConversationMessage } from '../../../../src/core/sources/conversation/message.ts';
import { publishableSession } from '../../../../src/core/sync/publishing/publishable-session.ts';
import type { SessionId } from '../../../../src/shared/model/ids.ts';

const SESSION: Session = {
  id: '0123456789abcdef' as SessionId, // of the id's form
  name: 'named',
  provider: null,
  tool: 'claude-code',
  externalId: 'x',
  model: null,
  systemPrompt: null,
  project: null,
  folder: '/work',
  status: null,
  createdAtMs: 0,
  updatedAtMs: 0,
  messageCount: 1,
  preview: '',
  pinned: false,
  isLive: false,
  isOriginGone: false,
  item: null,
  isStored: true,
  details: {},
};

function message(text: string, isMeta = false): ConversationMessage {
  return {
    ...{ id: '1', role: 'user', timeMs: null, model: null, text, parts: [], toolCalls: [] },
    isMeta,
    isSidechain: false,
  } as const;
}

function summary(name: string, ...messages: ConversationMessage[]): string {
  return publishableSession({ ...SESSION, name }, messages).summary;
}

const TOKEN = 'aB3'.repeat(20);

describe('publishableSession()', () => {
  it.each([
    ['a name of its own', 'Fix the login', [message('Something else')], 'Fix the login'],
    ['a whole message', 'Fix the login', [message('Fix the login')], 'Fix the login'],
    ['a message that goes on with another word', 'Fix the', [message('Fix  the\nlogin')], 'Fix the'],
    ['a message cut in a word', `Use ${TOKEN.slice(0, 20)}`, [message(`Use\n ${TOKEN} there`)], 'Use …'],
    ['the same where it is no message of the session', `Use ${TOKEN.slice(0, 46)}`, [], 'Use …'],
    ['one word, cut', TOKEN.slice(0, 20), [message(TOKEN)], 'Session'],
    ['a long name', `${'word '.repeat(23)}${TOKEN.slice(0, 5)}`, [], `${'word '.repeat(23).trim()} …`],
  ])('%s', (_, name, messages, expected) => {
    expect(summary(name, ...messages)).toBe(expected);
  });

  it('ends a message that is too long with a whole word', () => {
    const text = `${'x'.repeat(999_990)} ${TOKEN}`;
    const [sent] = publishableSession(SESSION, [message(text)]).messages;

    expect(sent?.content).toBe(`${'x'.repeat(999_990)} `);
  });
});
