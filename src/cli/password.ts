// Where a secret comes from: a recovery key file, a password file, the environment, or a question. Never an argument, which
// every user of the machine could read in the process list.

import { open } from 'node:fs/promises';

import { AppError } from '../shared/model/app-error.ts';
import type { VaultSecret } from '../core/vault/vault-client.ts';
import type { Prompter } from './terminal/prompter.ts';

const MAX_SECRET_FILE_BYTES = 4096;
const READABLE_BY_OTHERS = 0o077;
const MAX_ATTEMPTS = 3;

export interface SecretOptions {
  readonly passwordFile?: string | undefined;
  readonly recoveryKeyFile?: string | undefined;
}

export interface SecretDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly prompter: Prompter | null;
  warn(line: string): void;
}

/** A secret that was given without asking, or null where somebody has to be asked. @throws AppError USAGE_INVALID */
export async function readGivenSecret(options: SecretOptions, deps: SecretDeps): Promise<VaultSecret | null> {
  if (options.passwordFile !== undefined && options.recoveryKeyFile !== undefined) {
    throw new AppError('USAGE_INVALID', '--password-file and --recovery-key-file exclude each other.', {
      hint: 'Give the one that you want to unlock with.',
    });
  }
  if (options.recoveryKeyFile !== undefined) {
    const text = await readSecretFile(options.recoveryKeyFile, '--recovery-key-file', deps);
    return { type: 'recovery', text: text.trim() };
  }
  const text = await readGivenPassword(options, deps);
  return text === null ? null : { type: 'password', text };
}

/** True where a secret was given with the command, so that nobody has to be asked. */
export function isSecretGiven(options: SecretOptions, deps: Pick<SecretDeps, 'env'>): boolean {
  const { passwordFile, recoveryKeyFile } = options;
  return passwordFile !== undefined || recoveryKeyFile !== undefined || (deps.env['CAIRN_PASSWORD'] ?? '') !== '';
}

/** A password from the file or the environment, or null. */
export async function readGivenPassword(options: SecretOptions, deps: SecretDeps): Promise<string | null> {
  if (options.passwordFile !== undefined) return readSecretFile(options.passwordFile, '--password-file', deps);
  const fromEnv = deps.env['CAIRN_PASSWORD'] ?? '';
  return fromEnv === '' ? null : fromEnv;
}

/**
 * Unlocks with the secret given, or asks for the password, again up to three times while it is wrong.
 * @throws AppError VAULT_LOCKED where no secret was given and nobody can be asked
 */
export async function unlock<Opened>(
  options: SecretOptions,
  deps: SecretDeps,
  open: (secret: VaultSecret) => Promise<Opened>,
): Promise<Opened> {
  const given = await readGivenSecret(options, deps);
  if (given !== null) return open(given);
  const { prompter } = deps;
  if (prompter === null) {
    throw new AppError('VAULT_LOCKED', 'The vault is locked, and no password was given.', {
      hint: 'Give --password-file FILE or set $CAIRN_PASSWORD; --recovery-key-file FILE unlocks with the recovery key.',
    });
  }
  for (let attempt = 1; ; attempt += 1) {
    const text = await prompter.ask('Password: ', { isHidden: true });
    try {
      return await open({ type: 'password', text });
    } catch (error) {
      if (!isWrongPassword(error) || attempt === MAX_ATTEMPTS) throw error;
      prompter.say(`${error.message} Try again; --recovery-key-file FILE unlocks with the recovery key.`);
    }
  }
}

/** Asks for a new password twice, until both are the same. `assess` says how strong it is, and throws where it is too weak. */
export async function askNewPassword(
  prompter: Prompter,
  assess: (password: string) => Promise<string>,
  label = 'Password',
): Promise<string> {
  for (;;) {
    const password = await prompter.ask(`${label} (12 characters at least): `, { isHidden: true });
    try {
      prompter.say(await assess(password));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'VAULT_WEAK_PASSWORD') throw error;
      prompter.say(`${error.message} ${error.hint}`.trim());
      continue;
    }
    if ((await prompter.ask(`${label} again: `, { isHidden: true })) === password) return password;
    prompter.say('These two are not the same. Once more:');
  }
}

/** Reads a small file that holds one secret; the line end after it is no part of it. */
export async function readSecretFile(path: string, option: string, deps: Pick<SecretDeps, 'warn'>): Promise<string> {
  const bytes = await readSmallFile(path, option, deps);
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (text === '') {
    throw new AppError('USAGE_INVALID', `The file of ${option} is empty.`, { hint: 'Write the secret into it.' });
  }
  return text;
}

async function readSmallFile(path: string, option: string, deps: Pick<SecretDeps, 'warn'>): Promise<Buffer> {
  try {
    await using file = await open(path, 'r');
    const stats = await file.stat();
    if (stats.isFile() && (stats.mode & READABLE_BY_OTHERS) !== 0 && process.platform !== 'win32') {
      deps.warn(`other users can read the file of ${option}; \`chmod 600\` it.`);
    }
    const buffer = Buffer.alloc(MAX_SECRET_FILE_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    if (length <= MAX_SECRET_FILE_BYTES) return buffer.subarray(0, length);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new AppError('USAGE_INVALID', `The file of ${option} cannot be read (${reason}).`, {
      hint: 'Give a file that holds the secret and nothing else.',
      cause: error,
    });
  }
  throw new AppError('USAGE_INVALID', `The file of ${option} is too large for a secret.`, {
    hint: 'Give a file that holds the secret and nothing else.',
  });
}

function isWrongPassword(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'VAULT_WRONG_PASSWORD';
}
