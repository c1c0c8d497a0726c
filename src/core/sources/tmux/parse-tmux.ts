// Parses what tmux prints for our formats: one line a thing, fields parted by TAB. Names cannot hold a raw TAB or newline (tmux
// escapes them); the working directory could, so it is never asked for here but read from /proc.

// What may hold a TAB nevertheless stands last.
export const SESSION_FORMAT = [
  'session_id',
  'session_group',
  'session_activity',
  'destroy-unattached',
  'exit-unattached',
  'pid',
  'start_time',
  'session_name',
  'session_path',
] as const;
export const WINDOW_FORMAT = [
  'session_id',
  'window_id',
  'window_index',
  'window_active',
  'window_zoomed_flag',
  'automatic-rename',
  'window_width',
  'window_height',
  'window_activity',
  'window_layout',
  '@cairn_window',
  'window_name',
] as const;
export const PANE_FORMAT = [
  'session_id',
  'window_id',
  'window_index',
  'pane_index',
  'pane_id',
  'pane_pid',
  'pane_tty',
  'pane_active',
  'pane_dead',
  'alternate_on',
  'history_size',
  'history_bytes',
  'pane_width',
  'pane_height',
  'cursor_x',
  'cursor_y',
  'pane_current_command',
  '@cairn_pane',
  'pane_path',
  'pane_title',
] as const;
/** Whose terminal shows which session: a pane's terminal here is a tmux within tmux. */
export const CLIENT_FORMAT = ['client_tty', 'client_session'] as const;

export type Row<Format extends readonly string[]> = Readonly<Record<Format[number], string>>;

/** The `-F` argument for a format. */
export function formatArgument(format: readonly string[]): string {
  return format.map((name) => `#{${name}}`).join('\t');
}

/** Parses lines of a format. The last field takes what is left, so that a TAB in a title does no harm; other lines are counted. */
export function parseRows<Format extends readonly string[]>(
  text: string,
  format: Format,
): { readonly rows: Row<Format>[]; readonly unreadable: number } {
  const rows: Row<Format>[] = [];
  let unreadable = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const fields = line.split('\t');
    if (fields.length < format.length) {
      unreadable += 1;
      continue;
    }
    const values = [...fields.slice(0, format.length - 1), fields.slice(format.length - 1).join('\t')];
    rows.push(Object.fromEntries(format.map((name, index) => [name, values[index] ?? ''])) as Row<Format>); // every name of the format is set
  }
  return { rows, unreadable };
}

/** True where a layout string is well formed and its checksum fits, so that it may be handed back to tmux. */
export function isLayout(layout: string): boolean {
  const match = /^([0-9a-f]{4}),([0-9x,{}[\]]+)$/.exec(layout);
  if (match === null) return false;
  let checksum = 0;
  for (const character of match[2] ?? '') {
    checksum = (checksum >> 1) + ((checksum & 1) << 15);
    checksum = (checksum + character.charCodeAt(0)) & 0xffff;
  }
  return checksum.toString(16).padStart(4, '0') === match[1];
}

/** How many panes a layout holds. */
export function countLayoutPanes(layout: string): number {
  return layout.slice(5).match(/\d+x\d+,\d+,\d+,\d+/g)?.length ?? 0;
}

/** Text that a tmux format leaves as it is: `#{...}` and `#(...)` in a name or folder would be expanded, the latter by a shell. */
export function escapeFormat(text: string): string {
  // tmux leaves any run of `#` before `[` alone: it takes it for a style.
  return text.replaceAll(/#+(?!#)(?!\[)/g, (run) => run + run);
}

/** The words of several tmux commands as arguments of one run. A `;` at the end of a word would end its command. */
export function joinCommands(commands: readonly (readonly string[])[]): string[] {
  const words = commands.map((command) =>
    command.map((word) => (word.endsWith(';') ? `${word.slice(0, -1)}\\;` : word)),
  );
  return words.flatMap((command, index) => (index === 0 ? command : [';', ...command]));
}
