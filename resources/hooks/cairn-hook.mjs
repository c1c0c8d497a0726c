// Tells a running Cairn that a turn of an AI tool has ended. Started by the tool's own hooks: `node cairn-hook.mjs TOOL DATA-FOLDER`, with the
// event as JSON on stdin. It prints nothing, always ends with 0, and hands over to a process of its own at once: no tool may wait for it,
// and what a hook prints would become part of the conversation. Without a running app it does nothing. No environment variable is sent or kept.

import { spawn } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { call, digest, findApp, isCairn, readInput } from './app.mjs';

/** A tool waits for the first process, which only hands over; nobody waits for the second. */
const WAIT_AT_MOST_MS = 1_500;
const TELL_WITHIN_MS = 10_000;
const MAX_EVENT_BYTES = 4 * 1024 * 1024;
const MAX_TEXT = 200_000;
const TAIL_BYTES = 256 * 1024;
const MAX_NOTES = 200;
/** tmpfs and ramfs, as Linux numbers them: what is noted must not be readable at rest. */
const MEMORY_FILE_SYSTEMS = new Set([0x01021994, 0x858458f6]);

/** Started with this, it is the process that nobody waits for. */
const TELL = '--tell';

const isTelling = process.argv[2] === TELL;
const [tool = '', home = ''] = process.argv.slice(isTelling ? 3 : 2);
const end = () => process.exit(0);
process.on('uncaughtException', end);
process.on('unhandledRejection', end);
setTimeout(end, isTelling ? TELL_WITHIN_MS : WAIT_AT_MOST_MS).unref();

const input = await readInput(MAX_EVENT_BYTES);
const app = findApp(home);
if (app === null || input === null || !/^[a-z][a-z0-9-]{0,31}$/.test(tool)) end();
else if (!isTelling) handOver(input);
else {
  const note = toNote(JSON.parse(input.toString('utf8')));
  if (note !== null && !(await tell(app, note))) leaveNote(note);
  end();
}

/**
 * To a process of its own: a tool that ends with its turn would take a hook that it does not wait for with it (seen with Claude Code's
 * own way of not waiting), and one that waits must not wait for us.
 */
function handOver(bytes) {
  const own = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [own, TELL, tool, home], {
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', end);
  child.stdin.end(bytes, end);
}

/** What is told: the session, the question of the turn and its answer. */
function toNote(event) {
  const id = textOf(event?.session_id);
  if (id === null) return null;
  const turn = textOf(event.prompt_id) ?? textOf(event.turn_id);
  const question = findQuestion(textOf(event.transcript_path));
  const answer = textOf(event.last_assistant_message);
  const at = new Date().toISOString();
  const messages = [
    ['user', question],
    ['assistant', answer],
  ]
    .filter(([, text]) => text !== null)
    .map(([role, text]) => ({
      id: `turn:${turn ?? digest(text).toString('hex').slice(0, 16)}:${role}`.slice(0, 200),
      role,
      content: text.slice(0, MAX_TEXT),
      at,
    }));
  const folder = textOf(event.cwd);
  const model = textOf(event.model);
  return {
    session: {
      tool,
      externalId: id.slice(0, 200),
      ...(folder !== null && isAbsolute(folder) ? { folder } : {}),
      ...(model === null ? {} : { model: model.slice(0, 300) }),
    },
    messages,
  };
}

/** The last thing that a person said, from the end of the transcript; of Claude Code's shape or of Codex's. */
function findQuestion(path) {
  try {
    const lines = readTail(path).split('\n').toReversed();
    for (const line of lines) {
      if (!line.includes('"user"')) continue;
      const text = questionOf(line);
      if (text !== null && text.trim() !== '' && !text.startsWith('<')) return text;
    }
  } catch {
    // The next capture reads it whole.
  }
  return null;
}

function questionOf(line) {
  try {
    const record = JSON.parse(line);
    const isOwn = record.type === 'user' && record.isMeta !== true && record.isSidechain !== true;
    const message = isOwn ? record.message : record.payload;
    if (message?.role !== 'user' || (!isOwn && record.type !== 'response_item')) return null;
    if (typeof message.content === 'string') return message.content;
    const parts = message.content.filter((part) => part.type === 'text' || part.type === 'input_text');
    return parts.length === 0 ? null : parts.map((part) => String(part.text)).join('\n');
  } catch {
    return null; // torn, or the cut beginning of the tail
  }
}

function readTail(path) {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8');
  } finally {
    closeSync(file);
  }
}

/** False where the app could not take it: its vault is locked, say. */
async function tell({ port, token }, { session, messages }) {
  if (!(await isCairn({ port, token }, TELL_WITHIN_MS))) return true;
  const post = (path, body) => call(port, { method: 'POST', path, token, body, withinMs: TELL_WITHIN_MS });
  const made = await post('/api/sessions', session);
  if (typeof made.id !== 'string') return made.error?.code !== 'VAULT_LOCKED';
  if (messages.length > 0) await post(`/api/sessions/${made.id}/messages`, { messages });
  return true;
}

/** For the next unlock, in a folder in memory that is this user's alone. */
function leaveNote(note) {
  const uid = process.getuid?.();
  if (process.platform !== 'linux' || uid === undefined) return;
  const runtime = process.env.XDG_RUNTIME_DIR ?? '';
  const bases = [...(isAbsolute(runtime) ? [join(runtime, 'cairn')] : []), `/dev/shm/cairn-${uid}`];
  for (const base of bases) {
    // Each data folder has its own: another Cairn of the same user must not take it.
    const folder = join(base, `hooks-${digest(home).toString('hex').slice(0, 16)}`);
    try {
      for (const path of [base, folder]) provideFolder(path, uid);
      if (!MEMORY_FILE_SYSTEMS.has(statfsSync(folder).type) || readdirSync(folder).length >= MAX_NOTES) continue;
      const name = `${Date.now()}-${process.pid}.json`;
      writeFileSync(join(folder, name), JSON.stringify(note), { flag: 'wx', mode: 0o600 });
      return;
    } catch {
      // The next place may do.
    }
  }
}

function provideFolder(path, uid) {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const stats = lstatSync(path);
  if (!stats.isDirectory() || stats.uid !== uid || (stats.mode & 0o077) !== 0) throw new Error('not a private folder');
}

function textOf(value) {
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}
