// Stands in for `zellij`: the commands that Cairn uses, as the documentation describes them. A session is a folder.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { StandInTerminals } from './stand-in-terminals.ts';

const folder = process.env['STAND_IN_FOLDER'] ?? '';
/** With it, the stand-in is a Zellij before 0.44. */
const isOld = process.env['STAND_IN_IS_OLD'] === '1';
const args = process.argv.slice(2);
const dashes = args.indexOf('--');
const [words, program] = dashes < 0 ? [args, []] : [args.slice(0, dashes), args.slice(dashes + 1)];
const option = (name: string): string | undefined => {
  const glued = words.find((word) => word.startsWith(`${name}=`));
  const at = words.indexOf(name);
  return glued?.slice(name.length + 1) ?? (at < 0 ? undefined : words[at + 1]);
};
const session = words[0] === 'attach' ? (words.at(-1) ?? '') : (option('--session') ?? '');
const place = join(folder, Buffer.from(session).toString('hex'));
const paneId = Number(/^terminal_(\d+)$/.exec(option('--pane-id') ?? '')?.[1] ?? -1);

if (words[0] === 'attach') {
  mkdirSync(place, { recursive: true });
  open(['bash'], { tab_id: 0, tab_position: 0, tab_name: 'Tab #1' });
} else if (existsSync(place)) act(words[words.indexOf('action') + 1] ?? '');
else process.exitCode = 1;

function terminals(): StandInTerminals {
  return new StandInTerminals(place, 'zellij');
}

function act(action: string): void {
  const panes = terminals().panes();
  terminals().note(args);
  switch (action) {
    case isOld ? '' : 'list-panes':
      print(panes.map(({ id, facts }) => ({ id, is_plugin: false, title: 'bash', ...facts })));
      break;
    case 'list-tabs':
      print([...new Set(panes.map(({ facts }) => facts['tab_id']))].map((id) => ({ tab_id: id })));
      break;
    case 'dump-layout':
      process.stdout.write(
        `layout {\n    cwd "/"\n${panes.map(({ facts }) => `    tab name="${String(facts['tab_name'])}" {\n        pane cwd=${JSON.stringify(facts['cwd'])}\n    }\n`).join('')}}\n`,
      );
      break;
    case 'dump-screen':
      process.stdout.write(terminals().text(paneId));
      break;
    case 'write-chars':
      terminals().type(paneId, program.join(' '));
      break;
    case 'write':
      terminals().type(paneId, String.fromCharCode(Number(words.at(-1))));
      break;
    case 'focus-pane-id':
      for (const { id } of panes) terminals().change(id, { is_focused: words.at(-1) === `terminal_${id}` });
      break;
    case 'close-pane':
      terminals().close(paneId);
      break;
    case 'close-tab-by-id':
      for (const { id, facts } of panes) if (String(facts['tab_id']) === words.at(-1)) terminals().close(id);
      break;
    case 'new-tab': {
      const tab = 1 + Math.max(-1, ...panes.map(({ facts }) => Number(facts['tab_id'])));
      open(program, { tab_id: tab, tab_position: tab, tab_name: option('--name') ?? `Tab #${tab + 1}` });
      process.stdout.write(`${tab}\n`);
      break;
    }
    case 'new-pane':
      newPane();
      break;
    default:
      process.exitCode = 2;
  }
}

/** Halves the focused pane of the tab. */
function newPane(): void {
  const tab = Number(option('--tab-id'));
  const inTab = terminals()
    .panes()
    .filter(({ facts }) => facts['tab_id'] === tab);
  const focused = inTab.find(({ facts }) => facts['is_focused'] === true) ?? inTab.at(-1);
  if (focused === undefined) return;
  const facts = Object(focused.facts);
  const isRight = option('--direction') === 'right';
  const half = (cells: number): number => Math.floor(cells / 2);
  const first = isRight ? { pane_columns: half(facts.pane_columns) } : { pane_rows: half(facts.pane_rows) };
  const second = isRight
    ? { pane_x: facts.pane_x + half(facts.pane_columns), pane_columns: facts.pane_columns - half(facts.pane_columns) }
    : { pane_y: facts.pane_y + half(facts.pane_rows), pane_rows: facts.pane_rows - half(facts.pane_rows) };
  terminals().change(focused.id, { ...first, is_focused: false });
  const id = open(program, { ...facts, ...second });
  process.stdout.write(`terminal_${id}\n`);
}

function open(argv: readonly string[], facts: Record<string, unknown>): number {
  const cwd = option('--cwd') ?? '/';
  const env = (id: number): Record<string, string> => ({
    ZELLIJ: '0',
    ZELLIJ_SESSION_NAME: session,
    ZELLIJ_PANE_ID: String(id),
  });
  const box = { pane_x: 0, pane_y: 1, pane_columns: 120, pane_rows: 40 };
  return terminals().open(argv, cwd, env, { ...box, ...facts, is_focused: true, cwd });
}

function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value));
}
