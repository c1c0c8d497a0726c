// Running programs that an interpreter runs, so that their name stands among its words: `node --option /usr/bin/gemini --resume x`.

import {
  createProcessLook,
  readBootTimeMs,
  readWorkingDirectory,
  type ProcessInfo,
  type ProcessPlace,
} from '../host/proc.ts';

const INTERPRETERS = /^(?:node|nodejs|bun|deno|python[\d.]*|uv|tsx)$/;
/** Clock ticks since boot are hundredths of a second on Linux. */
const TICK_MS = 10;
/** The parent of what the system itself runs, which has no words. */
const KERNEL_THREADS_PID = 2;

export interface ProgramProcess {
  readonly process: ProcessInfo;
  /** The words after the program's name. */
  readonly words: readonly string[];
  readonly cwd: string | null;
  /** Null where the system does not say when it was started. */
  readonly startedAtMs: number | null;
}

/**
 * The processes of one program. One that only started another of its kind and waits for it is left out.
 * @param isProgram told the path of what runs, and the words after it
 */
export function findProgramProcesses(
  place: ProcessPlace,
  isProgram: (path: string, words: readonly string[]) => boolean,
): ProgramProcess[] {
  const { procDir } = place;
  const look = place.look ?? createProcessLook(procDir);
  const bootTimeMs = readBootTimeMs(procDir);
  const found = look.processes().flatMap((process): ProgramProcess[] => {
    const isKernel = process.parentPid === KERNEL_THREADS_PID;
    const words = process.isZombie || isKernel ? null : wordsAfterProgram(look.argumentsOf(process.pid), isProgram);
    if (words === null) return [];
    const cwd = readWorkingDirectory(procDir, process.pid)?.path ?? null;
    const startedAtMs = bootTimeMs === null ? null : bootTimeMs + process.startTime * TICK_MS;
    return [{ process, words, cwd, startedAtMs }];
  });
  const parents = new Set(found.map(({ process }) => process.parentPid));
  return found.filter(({ process }) => !parents.has(process.pid));
}

/** The value of an option, `--name value` or `--name=value`; null without it. */
export function optionValue(words: readonly string[], names: readonly string[]): string | null {
  for (const [at, word] of words.entries()) {
    const equals = word.indexOf('=');
    if (names.includes(word)) return words[at + 1] ?? null;
    if (equals > 0 && names.includes(word.slice(0, equals))) return word.slice(equals + 1);
  }
  return null;
}

function wordsAfterProgram(
  argv: readonly string[],
  isProgram: (path: string, words: readonly string[]) => boolean,
): readonly string[] | null {
  const at = argv.findIndex(
    (word, index) => !word.startsWith('-') && (index > 0 || !INTERPRETERS.test(baseName(word))),
  );
  const words = argv.slice(at + 1);
  return at >= 0 && isProgram(argv[at] ?? '', words) ? words : null;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
