// Commands that may run by themselves at a restore, because all they do is show something. Everything else waits on the prompt.

const TRUSTED_FOLDERS = new Set(['/bin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']);
const MANUAL_NAME = /^[A-Za-z0-9][A-Za-z0-9._+:-]*$/;
const COUNT = /^\d{1,6}$/;

const SHOWS_ONLY: ReadonlyMap<string, (args: readonly string[]) => boolean> = new Map([
  ['top', hasNone],
  ['htop', hasNone],
  ['btop', hasNone],
  ['man', (args) => args.length > 0 && args.every((arg) => MANUAL_NAME.test(arg))],
  // `+` begins a command of less, `-` an option, some of which write or run.
  ['less', (args) => args.length > 0 && args.every(isFileName)],
  ['tail', isFollowing],
]);

/** True for a command on the safe list with arguments that keep it harmless. */
export function runsByItself(argv: readonly string[]): boolean {
  const [program = '', ...args] = argv;
  const slash = program.lastIndexOf('/');
  if (slash >= 0 && !TRUSTED_FOLDERS.has(program.slice(0, slash))) return false;
  return SHOWS_ONLY.get(program.slice(slash + 1))?.(args) ?? false;
}

function hasNone(args: readonly string[]): boolean {
  return args.length === 0;
}

/** A file, not an option; devices and the like are no files to page through. */
function isFileName(arg: string): boolean {
  return arg !== '' && !/^[-+]/.test(arg) && !/^\/(?:dev|proc|sys)(?:\/|$)/.test(arg);
}

/** `tail -f`, with a number of lines at most. */
function isFollowing(args: readonly string[]): boolean {
  const [option = '', ...rest] = args;
  const follows = option === '-f' || option === '-F';
  const files = rest[0] === '-n' && COUNT.test(rest[1] ?? '') ? rest.slice(2) : rest;
  return follows && files.length > 0 && files.every(isFileName);
}
