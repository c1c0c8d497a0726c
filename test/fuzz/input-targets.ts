// What comes in from outside: links, questions, settings, texts with secrets, notes of hooks.

import { decodeBridge } from '../../src/core/api/local/bridge-codec.ts';
import { parseExclusionRules } from '../../src/core/capture/rules/exclusion-rules.ts';
import { parseRuleText } from '../../src/core/config/exclusion-settings.ts';
import { parseAgentState } from '../../src/core/sessions/agents/parse-state.ts';
import { parseNote } from '../../src/core/sessions/hooks/hook-notes.ts';
import { parseUndo } from '../../src/core/sources/git/restore/payload.ts';
import { parseQuery, matchText } from '../../src/core/vault/search/query.ts';
import { parseTime } from '../../src/cli/format/times.ts';
import { parseDeepLink } from '../../src/main/deep-link.ts';
import type { JsonObject } from '../../src/shared/model/json.ts';
import { redactText } from '../../src/shared/secrets/redact-text.ts';
import { jsonOf } from './source-targets.ts';
import { appErrors, fixtures, nothing, texts, type FuzzTarget } from './target.ts';

const JSON_WORDS = ['{', '}', '[', ']', ':', ',', '"', '\\u0000', 'null', '1e309', '__proto__'];
const NOW_MS = Date.UTC(2026, 10, 20, 12);

export function inputTargets(): FuzzTarget[] {
  const state = 'agent-sessions/v2/agents/sessions/2026-02-19_connect-flow_enr0i6';
  return [
    {
      name: 'bridge',
      run: (bytes) => decodeBridge(bytes.toString()),
      samples: texts('{"id":1,"method":"save","values":[{"$bytes":"AAEC"}]}'),
      words: [...JSON_WORDS, '"$bytes"'],
      allows: appErrors,
    },
    {
      name: 'deep-link',
      run: (bytes) => parseDeepLink(bytes.toString()),
      samples: texts('cairn://snapshot/0123456789abcdef', 'cairn://search?q=x%20y', 'cairn://settings/'),
      words: ['cairn:', '//', '/', '?', '#', '%', '@', '..', '\\', '%00'],
      allows: nothing,
    },
    {
      name: 'search-query',
      run: runQuery,
      samples: texts('foo "bar baz" ünï', 'a-b c:d', '"'),
      words: ['"', ' ', '\u0301', 'ß', '\u{1f600}', '\ud800', '日本', '*', '(', '\\'],
      allows: nothing,
    },
    {
      name: 'time',
      run: (bytes) => parseTime(bytes.toString(), NOW_MS, '--since'),
      samples: texts('2h', '2026-11-20', '2026-11-20T10:00:00Z', 'yesterday'),
      words: ['d', 'h', 'm', '-', ':', 'T', 'Z', '99999999999'],
      allows: appErrors,
    },
    {
      name: 'exclusions',
      run: (bytes) => parseExclusionRules((jsonOf(bytes) ?? null) as JsonObject | null),
      samples: texts('{"sources":[],"paths":["~/x/**"],"urls":["*://*.example.org/*"],"commands":["^ssh "]}'),
      words: [...JSON_WORDS, '**', '{a,b}', '(', ')+', '[^', '!('],
      allows: appErrors,
    },
    {
      name: 'rule-text',
      run: (bytes) => [
        parseRuleText('paths', bytes.toString()),
        parseRuleText('commands', bytes.toString()),
        parseRuleText('urls', bytes.toString()),
      ],
      samples: texts('~/a/**\n# x\n!b', '^ssh .*$'),
      words: ['**', '{', '}', '(', ')', '+', '[', ']', '\n', '\\'],
      allows: appErrors,
    },
    {
      name: 'redact-text',
      run: runRedact,
      samples: texts(
        'export GITHUB_TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a\n',
        'postgres://user:pass@host/db',
        'password: "hunter2hunter2"',
        '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----',
      ),
      words: ['ghp_', 'AKIA', 'eyJ', '://', '@', 'password=', '-----BEGIN ', 'sk-', '"', '='],
      allows: nothing,
    },
    {
      name: 'agent-state',
      run: (bytes) => parseAgentState(bytes.toString(), bytes.toString()),
      samples: fixtures(`${state}/state.json`, `${state}/plan.json`),
      words: JSON_WORDS,
      allows: nothing,
    },
    {
      name: 'hook-note',
      run: parseNote,
      samples: texts('{"tool":"claude-code","event":{"session_id":"x","transcript_path":"/x","cwd":"/"},"atMs":1}'),
      words: JSON_WORDS,
      allows: nothing,
    },
    {
      name: 'git-undo',
      run: (bytes) => parseUndo(jsonOf(bytes)),
      samples: texts(
        '{"mode":"branch","folder":"/x","branches":[{"name":"refs/heads/a","oid":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]}',
        '{"mode":"export","target":"/x","files":[{"name":"a.patch","sha256":"x"}]}',
      ),
      words: JSON_WORDS,
      allows: appErrors,
    },
  ];
}

function runQuery(bytes: Buffer): void {
  const text = bytes.toString();
  const query = parseQuery(text);
  for (const { from, to } of matchText(query, text, { isRecord: false, limit: 10 }))
    if (from < 0 || to < from) throw new RangeError('a match that is none');
}

/** What is redacted once stays as it is: nothing more is found in it. */
function runRedact(bytes: Buffer): void {
  const text = bytes.toString();
  const once = redactText(text);
  if (once.length > text.length * 12 + 100) throw new RangeError('redaction made the text many times longer');
}
