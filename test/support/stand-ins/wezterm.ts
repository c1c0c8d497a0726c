// Stands in for `wezterm cli`: the commands that Cairn uses, as the documentation describes them.

import { readFileSync } from 'node:fs';
import process from 'node:process';

import { StandInTerminals } from './stand-in-terminals.ts';

const terminals = new StandInTerminals(process.env['STAND_IN_FOLDER'] ?? '');
const socket = process.env['WEZTERM_UNIX_SOCKET'] ?? '';
const args = process.argv.slice(2);
terminals.note(args);
const [kind = '', ...rest] = args;
const words = kind === 'cli' ? rest.filter((word) => word !== '--no-auto-start') : args;
const dashes = words.indexOf('--');
const [command = ''] = words;
const program = dashes < 0 ? [] : words.slice(dashes + 1);
const option = (name: string): string | undefined => {
  const at = (dashes < 0 ? words : words.slice(0, dashes)).indexOf(name);
  return at < 0 ? undefined : words[at + 1];
};
const paneId = Number(option('--pane-id') ?? -1);

switch (command) {
  case 'list':
    process.stdout.write(
      JSON.stringify(terminals.panes().map(({ id, tty, facts }) => ({ pane_id: id, tty_name: tty, ...facts }))),
    );
    break;
  case 'get-text':
    process.stdout.write(terminals.text(paneId));
    break;
  case 'send-text':
    terminals.type(paneId, readFileSync(0, 'utf8'));
    break;
  case 'kill-pane':
    terminals.close(paneId);
    break;
  case 'set-tab-title':
    terminals.change(paneId, { tab_title: program[0] });
    break;
  case 'activate-pane':
    terminals.change(paneId, { is_active: true });
    break;
  case 'start':
  case 'spawn':
  case 'split-pane':
    open();
    break;
  default:
    process.exitCode = 2;
}

function open(): void {
  const beside = terminals.panes().find(({ id }) => id === paneId)?.facts;
  const next = (name: string): number => 1 + Math.max(-1, ...terminals.panes().map(({ facts }) => Number(facts[name])));
  const windowId =
    beside?.['window_id'] ?? (option('--window-id') === undefined ? next('window_id') : Number(option('--window-id')));
  const inWindow = terminals.panes().find(({ facts }) => facts['window_id'] === windowId);
  const id = terminals.open(
    program,
    option('--cwd') ?? '/',
    (paneNumber) => ({
      WEZTERM_UNIX_SOCKET: socket || (process.env['STAND_IN_SOCKET'] ?? ''),
      WEZTERM_PANE: String(paneNumber),
    }),
    {
      window_id: windowId,
      tab_id: beside?.['tab_id'] ?? next('tab_id'),
      workspace: option('--workspace') ?? inWindow?.facts['workspace'] ?? 'default',
      ...placeIn(beside),
      title: 'sh',
      tab_title: beside?.['tab_title'] ?? '',
      is_active: false,
      is_zoomed: false,
    },
  );
  process.stdout.write(`${id}\n`);
}

/** Half, or as many percent as were asked for, of what it splits. */
function placeIn(beside: Record<string, unknown> | undefined): Record<string, unknown> {
  if (beside === undefined) return { left_col: 0, top_row: 0, size: { rows: 40, cols: 121 } };
  const { rows, cols } = Object(beside['size']);
  const percent = Number(option('--percent') ?? 50);
  const [left, top] = [Number(beside['left_col']), Number(beside['top_row'])];
  const isRight = words.includes('--right');
  const all = (isRight ? cols : rows) - (isRight ? 1 : 0);
  const second = Math.round((all * percent) / 100);
  const first = all - second;
  terminals.change(paneId, { size: isRight ? { rows, cols: first } : { rows: first, cols } });
  return isRight
    ? { left_col: left + first + 1, top_row: top, size: { rows, cols: second } }
    : { left_col: left, top_row: top + first, size: { rows: second, cols } };
}
