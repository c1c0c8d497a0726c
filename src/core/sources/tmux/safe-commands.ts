// Commands that may run by themselves at a restore, because all they do is show something. Everything else waits on the prompt.

const SHOWS_ONLY: ReadonlyMap<string, (args: readonly string[]) => boolean> = new Map([
  ['top', hasNone],
  ['htop', hasNone],
  ['btop', hasNone],
  ['man', (args) => args.length > 0 && args.every((arg) => /^[A-Za-z0-9][A-Za-z0-9._+:-]*$/.test(arg))],
]);

/** True for a command on the safe list with arguments that keep it harmless. */
export function runsByItself(argv: readonly string[]): boolean {
  const name = argv[0]?.split('/').at(-1);
  const isHarmless = name === undefined ? undefined : SHOWS_ONLY.get(name);
  return isHarmless?.(argv.slice(1)) ?? false;
}

function hasNone(args: readonly string[]): boolean {
  return args.length === 0;
}
