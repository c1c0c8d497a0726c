// Callers on this machine, by bytes on the wire: REST and what lies beside it, and the window's WebSocket.

import { texts, nothing, type FuzzTarget } from '../target.ts';
import { checkAnswer } from './check-answer.ts';
import { exchange } from './exchange.ts';
import { LocalWorlds } from './local-world.ts';
import { talkOverSocket } from './socket-talk.ts';

const HEAD = 'Host: 127.0.0.1:{{port}}\r\nAuthorization: Bearer {{token}}\r\nConnection: close\r\n';
const HTTP_WORDS = [
  '\r\n',
  '\r\n\r\n',
  ' HTTP/1.1\r\n',
  'Content-Length: *',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Content-Type: application/json\r\n',
  'Origin: http://evil.example\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: websocket\r\n',
  'GET ',
  'HEAD ',
  'OPTIONS ',
  'TRACE ',
  '//',
  '/../',
  '/%2e%2e/',
  '%00',
  '%ff',
  '%',
  '?',
  '&',
  '[]=1',
  '\u0000',
  '{{snapshot}}',
  '{{checkpoint}}',
  'latest',
  '__proto__',
  '{"$bytes":"AA=="}',
  '"\\ud800"',
  '1e309',
  '-1',
  'null',
  '[',
  '{',
  '}',
];
const BODIES: readonly (readonly [string, string])[] = [
  ['POST /api/snapshots', '{}'],
  ['POST /api/checkpoints', '{"name":"one","tags":["x"],"priority":"high"}'],
  ['PATCH /api/checkpoints/{{checkpoint}}', '{"name":"two","pinned":true}'],
  ['DELETE /api/checkpoints/0123456789abcdef', '{}'],
  ['POST /api/checkpoints/batch-delete', '{"ids":["{{snapshot}}"]}'],
  ['POST /api/checkpoints/{{checkpoint}}/restore', '{"only":["terminal"],"dryRun":true}'],
  ['POST /api/restore', '{"snapshot":"latest","only":[],"dryRun":true}'],
  ['POST /api/sessions', '{"slug":"fix-it","title":"Fix it","project":"p","folder":"/p","status":"active"}'],
  ['PATCH /api/sessions/fix-it', '{"name":"x","pinned":true}'],
  ['POST /api/sessions/fix-it/messages', '{"messages":[{"role":"user","text":"hi","atMs":1}]}'],
  ['POST /api/projects/p/import-sessions', '{"dryRun":true}'],
  ['POST /api/sync/on', '{"isOn":false}'],
  ['POST /api/sync/now', '{"acceptDeletions":false}'],
  ['POST /api/sync/selection', '{}'],
  ['POST /api/recovery/plan', '{"password":"no"}'],
  ['POST /api/unlock', '{"password":"wrong password"}'],
  ['POST /api/lock', '{}'],
  ['POST /session', '{"code":"x"}'],
  ['POST /session/address', '{}'],
  ['POST /bridge/listSnapshots', '{"arguments":[{"limit":3}]}'],
  ['POST /bridge/readStream', '{"arguments":["{{snapshot}}","tmux:a","scrollback",0,10]}'],
  ['POST /bridge/search', '{"arguments":[{"text":"x","limit":3,"budgetMs":50}]}'],
  ['POST /bridge/createCheckpoint', '{"arguments":["{{snapshot}}",{"name":"x","tags":[]},1]}'],
  ['POST /bridge/saveSession', '{"arguments":[{"session":{"id":"x"},"messages":[]}]}'],
  ['POST /bridge/prune', '{"arguments":[{"allHours":24},1,{"isDryRun":true}]}'],
  ['POST /bridge/verify', '{"arguments":[{"isDeep":false,"nowMs":1}]}'],
  ['POST /bridge/capture', '{"arguments":[{"kind":"manual"}]}'],
  ['POST /bridge/askServer', '{"arguments":[{"query":"{ teams { id } }","variables":{}}]}'],
  ['POST /bridge/placesOf', '{"arguments":[[{"anchor":1}]],"device":"abc"}'],
];
const PATHS = [
  '/api/status',
  '/api/openapi.json',
  '/api/hello?challenge=0123456789abcdef0123456789abcdef',
  '/api/snapshots?limit=3&since=2026-01-01T00:00:00Z&checkpointsOnly=true',
  '/api/snapshots/latest',
  '/api/snapshots/{{snapshot}}/diff/latest',
  '/api/search?text=heron&limit=3',
  '/api/checkpoints',
  '/api/sessions?text=x&limit=2',
  '/api/sessions/fix-it?messages=3',
  '/api/where-was-i?awayMinutes=30',
  '/api/recovery/report',
  '/api/sync/status',
  '/',
  '//',
  '/index.html',
];
/** What would write wherever the input says, or ask for another server. */
const LEFT_OUT = /exportStream|backup|sync\/login/i;

export function localSocketTarget(): FuzzTarget {
  const worlds = new LocalWorlds();
  return {
    name: 'local-socket',
    run: async (bytes) => {
      if (LEFT_OUT.test(bytes.toString('latin1'))) return;
      const { port, names, rules } = await worlds.current();
      const { answer, sent } = await exchange(port, bytes, names);
      if (answer !== null) checkAnswer(answer, rules, sent.includes(names['token'] ?? ''));
    },
    samples: texts(
      ...PATHS.map((path) => `GET ${path} HTTP/1.1\r\n${HEAD}\r\n`),
      ...BODIES.map(([line, body]) => `${line} HTTP/1.1\r\n${HEAD}${JSON_HEAD}\r\n${body}`),
      'GET /api/status HTTP/1.1\r\nHost: localhost:{{port}}\r\n\r\n',
      `GET /rpc HTTP/1.1\r\nHost: 127.0.0.1:{{port}}\r\n${UPGRADE}Cookie: {{cookie}}\r\n\r\n\u0081\u0080\u0000\u0000\u0000\u0000`,
    ),
    words: HTTP_WORDS,
    allows: nothing,
    close: () => worlds.close(),
  };
}

/** Messages of the window, whole or torn, and whatever frames. */
export function localWebSocketTarget(): FuzzTarget {
  const worlds = new LocalWorlds();
  return {
    name: 'local-websocket',
    run: async (bytes) => {
      if (LEFT_OUT.test(bytes.toString('latin1'))) return;
      const { port, names, rules } = await worlds.current();
      await talkOverSocket({ port, names, rules, bytes });
    },
    samples: texts(
      ...MESSAGES.map((message) => `t${message}`),
      `b${MESSAGES[0]}`,
      'r\u0081\u0085abcdvwxyz',
      `c${MESSAGES[1]}`,
    ),
    words: MESSAGE_WORDS,
    allows: nothing,
    close: () => worlds.close(),
  };
}

const JSON_HEAD = 'Content-Type: application/json\r\nContent-Length: *\r\n';
const UPGRADE =
  'Origin: http://127.0.0.1:{{port}}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
/** As the window's client sends them. */
export const MESSAGES = [
  '{"i":"1","p":{"u":"/status","b":{"json":null}}}',
  '{"i":"2","p":{"u":"/snapshots/list","b":{"json":{"limit":3}}}}',
  '{"i":"3","p":{"u":"/snapshots/preview","b":{"json":{"id":"latest","key":"tmux:a"}}}}',
  '{"i":"4","p":{"u":"/events","b":{"json":null}}}',
  '{"i":"4","t":4}',
  '{"i":"4","t":3,"p":{"e":"message","d":{"json":1}}}',
  '{"i":"5","p":{"u":"/search/query","h":{"x":"y"},"b":{"json":{"text":"x"},"meta":[[0,"text"]]}}}',
  '{"i":"6","p":{"u":"/timeline/page?batch=1","m":"GET","b":{}}}',
  '{"i":"7","p":{"u":"/upkeep/verify","b":{"json":{"deep":false}}}}',
  '{"i":"8","p":{"u":"/vault/checkPassword","b":{"json":{"password":"x"}}}}',
] as const;
export const MESSAGE_WORDS = [
  '"t":3',
  '"t":4',
  '"t":1',
  '"meta":[[1,"a"]]',
  '"maps":[[]]',
  '"h":{"content-type":"text/event-stream"}',
  '"h":{"content-disposition":"x"}',
  '"h":{"content-type":"multipart/form-data"}',
  '"u":"/%"',
  '"u":"//x"',
  '"i":"',
  '__proto__',
  'null',
  '[]',
  '{',
  '}',
  '1e309',
  '\\ud800',
];
