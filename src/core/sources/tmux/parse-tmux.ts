// Parses what tmux prints for our formats: one line a thing, fields parted by TAB. Names cannot hold a raw TAB or newline (tmux
// escapes them); the working directory could, so it is never asked for here but read from /proc.

export const SESSION_FORMAT = [
  'session_id',
  'session_name',
  'session_created',
  'session_attached',
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
  'pane_in_mode',
  'pane_current_command',
  'pane_title',
] as const;

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
