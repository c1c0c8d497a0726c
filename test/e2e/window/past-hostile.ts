// A past in which every text that a program could name is an attempt: markup, addresses that run, tricks with the reading direction,
// control sequences, a word without an end, a NUL.

import { aConversation, aStream, aTerminal, key, utf8 } from '../../support/captures.ts';
import { parseSourceId } from '../../../src/shared/model/ids.ts';
import type { CapturedItem } from '../../../src/shared/model/item.ts';
import type { PastCapture } from './past.ts';

const MINUTE_MS = 60_000;
const RUN = 'window.hacked=1';
/** What would run. */
export const MARKUP = `<img src=x onerror="${RUN}"><script>${RUN}</script><a href="javascript:${RUN}">go</a>`;
const ADDRESS = `javascript:${RUN}//`;
const BIDI = 'invoice_\u202egpj.exe\u2066';
const ANSI = `\u001b]0;pwned\u0007\u001b[2J\u001b[31m\u001b]8;;${ADDRESS}\u0007link\u001b]8;;\u0007`;
const LONG = 'W'.repeat(3_000);
/** All at once. */
export const NASTY = `${MARKUP} ${ADDRESS} ${BIDI} ${ANSI} nul\u0000nul ${LONG}`;
const SHORT = NASTY.slice(0, 190);

const terminal = aTerminal('nasty', {
  title: NASTY,
  group: NASTY,
  attributes: { cwd: `/home/${NASTY}`, command: NASTY, width: 80 },
  streams: [aStream({ text: `${NASTY}\n[go](${ADDRESS})\nhttps://evil.example/\n` })],
});

const tab: CapturedItem = {
  key: key('firefox:nasty'),
  kind: 'tab',
  source: parseSourceId('firefox'),
  group: NASTY,
  title: NASTY,
  attributes: {
    url: `${ADDRESS}${NASTY}`,
    history: [
      { url: `data:text/html,${MARKUP}`, title: NASTY },
      { url: `vbscript:${RUN}`, title: '' },
    ],
    isPinned: true,
    group: { name: NASTY },
    windowIndex: 0,
  },
  streams: [],
};

const conversation = aConversation(
  '00000000-0000-4000-8000-00000000000a',
  [
    { role: 'user', content: `${NASTY}\n\n[go](${ADDRESS}) ![x](https://evil.example/x.png) <https://evil.example/>` },
    {
      role: 'assistant',
      model: NASTY,
      content: [
        { type: 'text', text: `\`\`\`${MARKUP}\n${NASTY}\n\`\`\`` },
        { type: 'tool_use', id: 'tool', name: SHORT, input: { command: NASTY } },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'tool', content: NASTY }] },
  ]
    .map((message, at) =>
      JSON.stringify({
        uuid: `00000000-0000-4000-8000-00000000001${at}`,
        parentUuid: at === 0 ? null : `00000000-0000-4000-8000-00000000001${at - 1}`,
        sessionId: '00000000-0000-4000-8000-00000000000a',
        type: message.role,
        timestamp: new Date(Date.UTC(2026, 10, 20, 12, at)).toISOString(),
        cwd: `/home/${SHORT}`,
        message,
      }),
    )
    .map((line) => `${line}\n`)
    .join(''),
  { title: NASTY, attributes: { cwd: `/home/${NASTY}`, model: NASTY, messageCount: 3 } },
);

const repository: CapturedItem = {
  key: key('git:nasty'),
  kind: 'repository',
  source: parseSourceId('git'),
  group: '/home/dev',
  title: NASTY,
  attributes: {
    path: '/home/dev/api',
    branch: NASTY,
    head: '0'.repeat(40),
    files: [{ path: `/home/dev/api/${NASTY}`, state: '.M' }],
    leftOut: [{ path: `/home/dev/api/${NASTY}`, why: NASTY }],
  },
  streams: [
    aStream({
      name: 'unstaged.patch',
      kind: 'blob',
      content: {
        type: 'whole',
        bytes: utf8(`diff --git a/x.html b/x.html\n--- a/x.html\n+++ b/x.html\n@@ -1 +1 @@\n-${NASTY}\n+${NASTY}!\n`),
      },
    }),
  ],
};

const document: CapturedItem = {
  key: key('neovim:nasty'),
  kind: 'document',
  source: parseSourceId('neovim'),
  group: NASTY,
  title: NASTY,
  attributes: { path: `/home/dev/${NASTY}.html`, name: NASTY, editor: NASTY, isModified: true, unsaved: 'whole' },
  streams: [aStream({ name: 'text', kind: 'blob', text: `${NASTY}\n` })],
};

export const NASTY_KEYS = [terminal, tab, conversation, repository, document].map((item) => item.key);

/** Before, with everything, and with other titles: there is something to compare. */
export const HOSTILE_PAST: readonly PastCapture[] = [
  { agoMs: 30 * MINUTE_MS, items: [aTerminal('plain')] },
  {
    agoMs: 20 * MINUTE_MS,
    items: [terminal, tab, conversation, repository, document],
    gaps: [{ source: parseSourceId('tmux'), reason: 'failed', message: NASTY, sinceMs: 0 }],
    checkpoint: { name: SHORT, description: NASTY, tags: [BIDI, MARKUP.slice(0, 40)], priority: 'high', pinned: true },
  },
  {
    agoMs: 10 * MINUTE_MS,
    items: [
      { ...terminal, title: `other ${NASTY}` },
      { ...repository, attributes: { branch: `other ${NASTY}` } },
    ],
  },
];
