// Files and answers of other programs.

import { parseHostManifest } from '../../src/core/browser-setup/host-manifest.ts';
import { readHistoryLines, newHistoryFacts } from '../../src/core/sources/aider/parse-history.ts';
import { readHistory } from '../../src/core/sources/aider/read-history.ts';
import { FrameReader, parseFrame } from '../../src/core/sources/browser/extension/frames.ts';
import { parseState } from '../../src/core/sources/browser/extension/parse-state.ts';
import { parseSnss } from '../../src/core/sources/chromium/parse-snss.ts';
import { parseRegistryEntry } from '../../src/core/sources/claude-code/live-registry.ts';
import { newTranscriptFacts, readTranscriptLines } from '../../src/core/sources/claude-code/parse-transcript.ts';
import { readMessages as readClaudeMessages } from '../../src/core/sources/claude-code/read-messages.ts';
import { readMessages as readClineMessages } from '../../src/core/sources/cline/read-messages.ts';
import { parseSessionFile } from '../../src/core/sources/cline/session-file.ts';
import { newRolloutFacts, readRolloutLines } from '../../src/core/sources/codex/parse-rollout.ts';
import { readRollout } from '../../src/core/sources/codex/read-rollout.ts';
import { parseSessionFacts, readSession as readContinueSession } from '../../src/core/sources/continue/read-session.ts';
import { newConversationFacts } from '../../src/core/sources/conversation/conversation-facts.ts';
import { parseChatFacts, readChat as readCopilotChat } from '../../src/core/sources/copilot-chat/read-chat.ts';
import { readEventLines } from '../../src/core/sources/copilot-cli/parse-events.ts';
import { readEvents } from '../../src/core/sources/copilot-cli/read-events.ts';
import { readChat as readCursorChat } from '../../src/core/sources/cursor/read-chat.ts';
import { parseProfilesIni } from '../../src/core/sources/firefox/firefox-profiles.ts';
import { decodeMozLz4 } from '../../src/core/sources/firefox/mozlz4.ts';
import { parseFirefoxSession } from '../../src/core/sources/firefox/parse-session.ts';
import { parseSessionObject, readSessionLines, newSessionFacts } from '../../src/core/sources/gemini/parse-session.ts';
import { readSession as readGeminiSession } from '../../src/core/sources/gemini/read-session.ts';
import { parseGitConfig } from '../../src/core/sources/git/parse-config.ts';
import { parseGitStatus } from '../../src/core/sources/git/parse-status.ts';
import { parseBundle } from '../../src/core/sources/git/restore/bundle.ts';
import { parseProcessStat } from '../../src/core/sources/host/proc.ts';
import { parseOpenFiles, parseProjects } from '../../src/core/sources/jetbrains/parse-settings.ts';
import { parseKittyAnswer } from '../../src/core/sources/kitty/kitty-remote.ts';
import { parseWindows as parseKittyWindows } from '../../src/core/sources/kitty/parse-windows.ts';
import { decodeValue, ValueScanner } from '../../src/core/sources/neovim/msgpack.ts';
import { parseNeovimState } from '../../src/core/sources/neovim/read-neovim.ts';
import { readSession as readOpencodeSession } from '../../src/core/sources/opencode/read-session.ts';
import { parseHardcopy } from '../../src/core/sources/screen/parse-hardcopy.ts';
import { decodeCommands } from '../../src/core/sources/shell-history/command-entry.ts';
import {
  parseBashHistory,
  parseFishHistory,
  parseZshHistory,
} from '../../src/core/sources/shell-history/parse-history-file.ts';
import { parseSpool } from '../../src/core/sources/shell-history/parse-spool.ts';
import { countLayoutPanes, isLayout, PANE_FORMAT, parseRows } from '../../src/core/sources/tmux/parse-tmux.ts';
import { parseSwapText } from '../../src/core/sources/vim/parse-swap.ts';
import {
  parseBackupHead,
  parseCursors,
  parseEditors,
  parseWindows,
  parseWorkspace,
} from '../../src/core/sources/vscode/parse-state.ts';
import { parsePanes as parseWeztermPanes } from '../../src/core/sources/wezterm/parse-panes.ts';
import { parseKdl } from '../../src/core/sources/zellij/parse-kdl.ts';
import { parseLayout } from '../../src/core/sources/zellij/parse-layout.ts';
import { parsePanes as parseZellijPanes } from '../../src/core/sources/zellij/parse-panes.ts';
import { appErrors, fixtures, nothing, texts, type FuzzTarget } from './target.ts';

const JSON_WORDS = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  '\\u0000',
  '\\ud800',
  'null',
  '1e309',
  '__proto__',
  '"constructor"',
];
const TRANSCRIPT_WORDS = [
  ...JSON_WORDS,
  '\n',
  '"type":"user"',
  '"message"',
  '"content"',
  '"role":"assistant"',
  '"text"',
];

/** Of sources: they must not throw, whatever a file holds. */
function source(
  name: string,
  run: FuzzTarget['run'],
  samples: readonly Buffer[],
  words: readonly string[] = JSON_WORDS,
  allows: FuzzTarget['allows'] = nothing,
): FuzzTarget {
  return { name, run, samples, words, allows };
}

function transcript(name: string, run: FuzzTarget['run'], ...paths: readonly string[]): FuzzTarget {
  // A file that does not fit into memory is said to be unreadable.
  return source(name, run, fixtures(...paths), TRANSCRIPT_WORDS, appErrors);
}

export function sourceTargets(): FuzzTarget[] {
  return [...conversations(), ...browsers(), ...editors(), ...terminals(), ...others()];
}

function conversations(): FuzzTarget[] {
  return [
    transcript(
      'claude-code',
      (bytes) => [readTranscriptLines(bytes, newTranscriptFacts()), readClaudeMessages(bytes)],
      'claude-code/claude-code__multi-turn-tool-resumed-continue.jsonl',
      'claude-code/claude-code__torn-line-midfile-after-resume.jsonl',
    ),
    transcript(
      'claude-registry',
      (bytes) => parseRegistryEntry(bytes.toString()),
      'claude-code/sessions-registry-live-idle.json',
    ),
    transcript(
      'codex',
      (bytes) => [readRolloutLines(bytes, newRolloutFacts()), readRollout(bytes)],
      'codex/codex-killed-mid-tool.jsonl',
      'codex/torn-line-midfile-after-resume.jsonl',
    ),
    transcript(
      'gemini',
      (bytes) => [
        readSessionLines(bytes, newSessionFacts()),
        parseSessionObject(bytes),
        readGeminiSession(bytes, { isObject: false }),
      ],
      'gemini/gemini-killed-mid-tool.jsonl',
      'gemini/session-2026-11-20T20-05-d9657d2f.jsonl',
    ),
    transcript(
      'aider',
      (bytes) => [readHistoryLines(bytes, newHistoryFacts()), readHistory(bytes)],
      'aider/history.md',
    ),
    transcript(
      'cline',
      (bytes) => [parseSessionFile(bytes), readClineMessages(bytes)],
      'cline/1795207231435_s2lvz.json',
      'cline/1795207231435_s2lvz.messages.json',
    ),
    transcript(
      'continue',
      (bytes) => [parseSessionFacts(bytes), readContinueSession(bytes)],
      'continue/806d1e21-7208-4efa-ad70-b9aae2260424.json',
    ),
    transcript(
      'copilot-cli',
      (bytes) => [readEventLines(bytes, newConversationFacts()), readEvents(bytes)],
      'copilot-cli/events.jsonl',
    ),
    source(
      'copilot-chat',
      (bytes) => [parseChatFacts(bytes), readCopilotChat(bytes)],
      texts(
        '{"version":3,"requests":[{"requestId":"r","message":{"text":"hello"},"response":[{"value":"hi"}],"timestamp":1795207231435}],"sessionId":"s"}',
        '{"kind":0,"v":{"requests":[]}}\n{"kind":2,"k":["requests"],"v":[{"message":{"text":"x"}}]}\n{"kind":1,"k":["requests",0,"response"],"v":[{"value":"y"}]}\n',
      ),
      TRANSCRIPT_WORDS,
      appErrors,
    ),
    source(
      'cursor-chat',
      (bytes) => readCursorChat(bytes),
      texts('{"role":"user","content":"hello"}\n{"role":"assistant","content":[{"type":"text","text":"hi"}]}\n'),
      TRANSCRIPT_WORDS,
      appErrors,
    ),
    transcript(
      'opencode',
      (bytes) => readOpencodeSession(bytes),
      'opencode/opencode-export.json',
      'opencode/message-rows.json',
    ),
  ];
}

function browsers(): FuzzTarget[] {
  return [
    source(
      'snss',
      (bytes) => parseSnss(bytes),
      fixtures(
        'browser/chromium-156-Session_2windows_group_pin.snss',
        'browser/chromium-156-Sessions_Encrypted-v5.snss',
      ),
      ['SNSS', '\u0001\0\0\0', '\u0003\0\0\0'],
      appErrors,
    ),
    source(
      'mozlz4',
      (bytes) => decodeMozLz4(bytes),
      fixtures('browser/firefox-153.7esr-sessionstore-clean-quit.jsonlz4'),
      ['mozLz40\0'],
      appErrors,
    ),
    source(
      'firefox-session',
      (bytes) => parseFirefoxSession(bytes),
      texts(
        '{"version":["sessionrestore",1],"windows":[{"tabs":[{"entries":[{"url":"https://example.org/","title":"x"}],"index":1,"pinned":true,"image":"data:image/png;base64,AA","groupId":"g","lastAccessed":1}],"groups":[{"id":"g","name":"n","color":"blue"}],"selected":1,"width":800,"height":600,"screenX":0,"screenY":0,"sizemode":"normal"}],"selectedWindow":1}',
      ),
      ['"image":"', '"isPrivate":true', ...JSON_WORDS],
      appErrors,
    ),
    source(
      'firefox-profiles',
      (bytes) => parseProfilesIni(bytes.toString(), '/home/dev/.mozilla'),
      fixtures('browser/profiles.ini'),
      ['[Profile0]\n', 'Path=', 'IsRelative=1\n', '=', '../'],
    ),
    source(
      'extension-frames',
      (bytes) => {
        const reading = new FrameReader(64 * 1024).push(bytes);
        return reading.result === 'frames' ? reading.frames.map((frame) => parseState(parseFrame(frame))) : null;
      },
      [Buffer.concat([Buffer.from([15, 0, 0, 0]), Buffer.from('{"type":"state"')]), ...texts('\u0002\0\0\0{}')],
      ['"type"', '"state"', '"windows"', '"tabs"', '\0\0\0', ...JSON_WORDS],
    ),
    source(
      'extension-state',
      (bytes) => parseState(jsonOf(bytes)),
      texts(
        '{"hello":{"probe":"00000000-0000-0000-0000-000000000000","instance":"00000000-0000-0000-0000-000000000001"},"snapshot":{"windows":[{"id":1,"focused":true,"state":"normal","left":0,"top":0,"width":8,"height":6,"incognito":false,"type":"normal","tabs":[{"id":2,"url":"https://example.org/","title":"x","index":0,"active":true,"pinned":false,"groupId":3}]}],"groups":[{"id":3,"title":"g","color":"blue","collapsed":false,"windowId":1}]}}',
      ),
    ),
    source(
      'host-manifest',
      (bytes) => parseHostManifest(bytes.toString()),
      texts('{"name":"dev.cairn.host","description":"x","path":"/usr/bin/cairn","type":"stdio","allowed_origins":[]}'),
    ),
  ];
}

function editors(): FuzzTarget[] {
  const state =
    '{"editorpart.state":{"serializedGrid":{"root":{"type":"branch","data":[{"type":"leaf","data":{"id":0,"editors":[{"id":"workbench.editors.files.fileEditorInput","value":"{\\"resourceJSON\\":{\\"$mid\\":1,\\"path\\":\\"/a/b.ts\\",\\"scheme\\":\\"file\\"}}"}],"mru":[0]}}]}}}}';
  return [
    source(
      'vim-swap',
      (bytes) => parseSwapText(bytes, () => ({ bytes: Buffer.from('one\ntwo\nthree\n'), mtimeS: 0 }), 100_000),
      [...fixtures('editors/vim-dirty-file3.txt.swp', 'editors/vim-large.swp')],
      ['tp', 'ad', 'ab', '\0\0\0\u0001', 'U3210'],
    ),
    source(
      'vscode-windows',
      (bytes) => [parseWindows(bytes.toString()), parseWorkspace(bytes.toString())],
      texts(
        '{"windowsState":{"lastActiveWindow":{"folder":"file:///a","backupPath":"/b/c"},"openedWindows":[{"workspaceIdentifier":{"configURIPath":"file:///x.code-workspace"}}]}}',
        '{"folder":"file:///home/dev/a%20b"}',
      ),
    ),
    source('vscode-editors', (bytes) => parseEditors(bytes.toString()), texts(state)),
    source(
      'vscode-cursors',
      (bytes) => [parseCursors(bytes.toString()), parseBackupHead(bytes.toString())],
      texts(
        '{"textEditorViewState":[["file:///a/b.ts",{"0":{"cursorState":[{"position":{"lineNumber":3,"column":4}}]}}]]}',
        'file:///a/b.ts {"mtime":1,"size":2,"orphaned":false}',
      ),
    ),
    source(
      'jetbrains',
      (bytes) => [parseProjects(bytes.toString(), '/home/dev'), parseOpenFiles(bytes.toString(), '/p', '/home/dev')],
      texts(
        '<application><component name="RecentProjectsManager"><option name="additionalInfo"><map><entry key="$USER_HOME$/p"><value><RecentProjectMetaInfo opened="true" projectWorkspaceId="x"/></value></entry></map></option></component></application>',
        '<project version="4"><component name="FileEditorManager"><leaf><file pinned="false" current-in-tab="true"><entry file="file://$PROJECT_DIR$/a.ts"><provider selected="true" editor-type-id="text-editor"><state><caret line="1" column="2"/></state></provider></entry></file></leaf></component></project>',
      ),
      [
        '<',
        '/>',
        '</',
        '<![CDATA[',
        ']]>',
        '<!--',
        '-->',
        '&amp;',
        '&#x10ffff;',
        '&#',
        '<?xml',
        '="',
        '$PROJECT_DIR$',
        '<!DOCTYPE',
      ],
    ),
    source(
      'neovim',
      (bytes) => {
        scan(bytes);
        const value = decodeValue(bytes);
        return value === undefined ? null : parseNeovimState(value);
      },
      [
        Buffer.from([0x94, 1, 2, 0xc0, 0x93, 0xa1, 0x61, 0x81, 0xa1, 0x62, 3]),
        Buffer.from([0xdd, 0, 0, 0, 2, 0xcb, 0, 0, 0, 0, 0, 0, 0, 0, 0xc7, 1, 5, 9]),
      ],
      ['\u0094', '\u00dd\0\0\0\u0001', '\u00db', '\u00c6', '\u00df'],
      nothing,
    ),
  ];
}

/** Bytes that are no value end a connection: that much is said by RangeError. */
function scan(bytes: Buffer): void {
  try {
    new ValueScanner().scan(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

function terminals(): FuzzTarget[] {
  const pane = PANE_FORMAT.map((_, at) => String(at)).join('\t');
  return [
    source('tmux-rows', (bytes) => parseRows(bytes.toString(), PANE_FORMAT), texts(`${pane}\n${pane}\n`, pane), [
      '\t',
      '\n',
      '$1',
      '%1',
      '@1',
    ]),
    source(
      'tmux-layout',
      (bytes) => (isLayout(bytes.toString()) ? countLayoutPanes(bytes.toString()) : null),
      texts('bb62,159x48,0,0{79x48,0,0,79x48,80,0[79x24,80,0,1,79x23,80,25,2]}'),
      ['{', '}', '[', ']', ',', 'x'],
    ),
    source(
      'kitty-answer',
      (bytes) => parseKittyAnswer(bytes),
      texts('\u001bP@kitty-cmd{"ok":true,"data":"[]"}\u001b\\'),
      ['\u001bP@kitty-cmd', '\u001b\\', ...JSON_WORDS],
    ),
    source(
      'kitty-windows',
      (bytes) => parseKittyWindows(jsonOf(bytes)),
      fixtures('kitty/kitty-ls.json').map((sample) => Buffer.from(sample)),
    ),
    source(
      'wezterm',
      (bytes) => parseWeztermPanes(bytes.toString()),
      texts(
        '[{"window_id":0,"tab_id":0,"pane_id":0,"workspace":"default","size":{"rows":24,"cols":80,"pixel_width":640,"pixel_height":384,"dpi":96},"title":"bash","cwd":"file:///home/dev","cursor_x":0,"cursor_y":0,"left_col":0,"top_row":0,"tab_title":"","window_title":"","is_active":true,"is_zoomed":false,"tty_name":"/dev/pts/1"}]',
      ),
    ),
    source(
      'zellij-panes',
      (bytes) => parseZellijPanes(bytes.toString()),
      texts(
        '[{"id":0,"is_plugin":false,"is_focused":true,"title":"x","exited":false,"pane_x":0,"pane_y":0,"pane_rows":24,"pane_columns":80,"is_floating":false,"tab_id":0,"tab_position":0,"tab_name":"Tab #1"}]',
      ),
    ),
    source(
      'zellij-layout',
      (bytes) => [parseKdl(bytes.toString()), parseLayout(bytes.toString())],
      texts(
        'layout {\n  cwd "/home/dev"\n  tab name="Tab #1" focus=true {\n    pane size=1 borderless=true { plugin location="zellij:tab-bar" }\n    pane command="vim" cwd="x" { args "a" r#"b"#; start_suspended true }\n    // c\n    /* d /* e */ */ /-pane\n  }\n}\n',
      ),
      ['{', '}', '"', 'r#"', '"#', '/*', '*/', '/-', '//', ';', '\\u{10ffff}', '\\', '\n', 'layout', 'pane', 'tab'],
    ),
    source(
      'screen-hardcopy',
      (bytes) => parseHardcopy(bytes),
      [Buffer.from('$ ls\n\u001b[1mä\u001b[0m\n'), Buffer.from([0x41, 0xe4, 0x0a, 0x1b, 0x5b])],
      ['\u001b[', '\u001b]', '\u0007', '\r\n'],
    ),
    source('bash-history', (bytes) => parseBashHistory(bytes), fixtures('shell/bash_history'), [
      '#1795207231\n',
      '\n',
      '#',
    ]),
    source('zsh-history', (bytes) => parseZshHistory(bytes), fixtures('shell/zsh_history'), [
      ': 1795207231:0;',
      '\\\n',
      '\u0083 ',
      '\n',
    ]),
    source('fish-history', (bytes) => parseFishHistory(bytes), fixtures('shell/fish_history'), [
      '- cmd: ',
      '  when: ',
      '\\n',
      '\\\\',
      '\n',
    ]),
    source(
      'shell-spool',
      (bytes) => parseSpool(bytes),
      texts(
        '\u001eH\x001\0bash\x0012\x001795207231000000\0/dev/pts/1\0%1\0/home/dev\0\u001eC\x001\x001795207231\x005\x000\0/home/dev\0ls\0',
      ),
      ['\0', 'cairn1\0', '1795207231'],
    ),
    source(
      'commands',
      (bytes) => decodeCommands(bytes),
      texts('{"command":"ls","cwd":"/","atMs":1795207231000,"durationMs":3,"exitCode":0}\n'),
    ),
    source(
      'proc-stat',
      (bytes) => parseProcessStat(bytes.toString()),
      texts('1234 (a (b) c) S 1 1234 1234 34817 1300 4194304 1 2 3 4 5 6 7 8 20 0 1 0 123456 1 2 18446744073709551615'),
      ['(', ')', ' ', '-1'],
    ),
  ];
}

function others(): FuzzTarget[] {
  return [
    source(
      'git-status',
      (bytes) => parseGitStatus(bytes),
      fixtures('git/status-porcelain-v2-z.bin', 'git/status-conflict-v2-z.bin'),
      ['# branch.oid ', '1 ', '2 ', 'u ', '? ', '\0', 'R100', ' '],
      appErrors,
    ),
    source(
      'git-config',
      (bytes) => parseGitConfig(bytes),
      texts(
        'remote.origin.url\nhttps://user:secret@example.org/x.git\0filter.lfs.clean\ngit-lfs clean\0status.showuntrackedfiles\nno\0core.worktree\n/x\0',
      ),
      ['\0', '\n', 'remote.', '.url', 'filter.', 'https://a:b@'],
    ),
    source(
      'git-bundle',
      (bytes) => parseBundle(bytes),
      texts(
        '# v2 git bundle\n-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa x\nbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb refs/heads/main\n\nPACK\0\0\0\u0002',
      ),
      ['# v2 git bundle\n', '# v3 git bundle\n', '@object-format=sha256\n', '\n\n', 'PACK', 'refs/heads/', '-'],
    ),
  ];
}

/** A value that came as JSON; undefined where it is none. */
export function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
