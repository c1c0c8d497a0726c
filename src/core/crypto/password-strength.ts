// How good a password is, by zxcvbn-ts: what an attacker who knows words, names and habits would need. The dictionaries are loaded
// when a password is chosen, never before.

import { AppError } from '../../shared/model/app-error.ts';

export const MIN_PASSWORD_LENGTH = 12;
export const MIN_PASSWORD_SCORE = 3;
/** Scoring takes longer than linear time: what follows adds strength that need not be counted. */
const SCORED_LENGTH = 100;
const MAX_PASSWORD_LENGTH = 4096;

export interface PasswordStrength {
  /** 0 (guessed at once) to 4. */
  readonly score: number;
  readonly isStrong: boolean;
  /** What is weak about it, as a sentence; empty where nothing is. */
  readonly warning: string;
  readonly suggestions: readonly string[];
}

/** Scores a password. It never leaves the process and is kept nowhere. */
export async function assessPassword(password: string): Promise<PasswordStrength> {
  const score = await loadScorer();
  const { score: points, feedback } = score(password.slice(0, SCORED_LENGTH));
  const length = Array.from(password).length;
  const tooShort =
    length < MIN_PASSWORD_LENGTH ? `It has ${length} characters; ${MIN_PASSWORD_LENGTH} are needed.` : '';
  const tooLong = password.length > MAX_PASSWORD_LENGTH ? `It has more than ${MAX_PASSWORD_LENGTH} characters.` : '';
  return {
    score: points,
    isStrong: tooShort === '' && tooLong === '' && points >= MIN_PASSWORD_SCORE,
    warning: tooShort || tooLong || (feedback.warning ?? ''),
    suggestions: feedback.suggestions,
  };
}

/** @throws AppError VAULT_WEAK_PASSWORD, saying what is weak and what would help */
export async function assertStrongPassword(password: string): Promise<void> {
  const strength = await assessPassword(password);
  if (strength.isStrong) return;
  const why = strength.warning === '' ? 'It could be guessed.' : strength.warning;
  throw new AppError('VAULT_WEAK_PASSWORD', `This password is too weak. ${why}`, {
    hint: `Use at least ${MIN_PASSWORD_LENGTH} characters that nobody would guess: four or five random words do well. ${strength.suggestions.join(' ')}`.trim(),
  });
}

type Scorer = (password: string) => {
  readonly score: number;
  readonly feedback: { readonly warning: string | null; readonly suggestions: readonly string[] };
};

let scorer: Promise<Scorer> | null = null;

/** Loaded once: the only state of this module, and it is a cache. */
function loadScorer(): Promise<Scorer> {
  scorer ??= load();
  return scorer;
}

async function load(): Promise<Scorer> {
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ]);
  const factory = new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
  });
  return (password) => factory.check(password);
}
