// What a restored pane runs before its shell.

/**
 * What a pane runs first: it prints the file and removes it, then becomes what tmux would have started, the user's `default-command`
 * or the shell that the pane ran where that is another and is here, or a login shell. Folder, file and shell come as arguments: no text
 * of a snapshot is ever read by a shell.
 */
const STARTER = `
cd -- "$1" 2>/dev/null
if [ -n "$2" ]; then cat -- "$2" 2>/dev/null; rm -f -- "$2"; fi
command=$(tmux show-options -gqv default-command 2>/dev/null)
if [ -n "$command" ]; then exec "\${SHELL:-/bin/sh}" -c "$command"; fi
if [ -n "$3" ] && command -v -- "$3" >/dev/null 2>&1; then exec "$3"; fi
case "\${SHELL##*/}" in
  bash | zsh | fish | sh | dash | ash | ksh | ksh93 | mksh | yash | tcsh | csh | nu) exec "$SHELL" -l ;;
esac
exec "\${SHELL:-/bin/sh}"
`;

/** The command of a new pane, as separate words: starts in the folder, shows the file (null for none), runs a shell (see `otherShell`). */
export function starterCommand(cwd: string, file: string | null, shell: string): string[] {
  return ['sh', '-c', STARTER, 'sh', cwd, file ?? '', shell];
}
