// Where a shell can keep a secret for the user, so that the vault opens without its password. The password always works beside it.

/** The operating system's keychain, as far as the shell has one. */
export interface Keychain {
  /** Whether secrets are really protected there; else why not, as a sentence. */
  availability(): Promise<{ readonly isAvailable: boolean; readonly why: string }>;
  /** Whether a secret was stored; asks nobody and opens nothing. */
  has(): Promise<boolean>;
  /** The secret that was stored last; null where there is none or it cannot be read any more. */
  read(): Promise<Uint8Array | null>;
  /** @throws AppError where it cannot be stored */
  write(secret: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}
