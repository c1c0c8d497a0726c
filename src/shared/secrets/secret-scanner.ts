import type { FoundSecret } from './redact-text.ts';

/** Rules beside our own. It sees placeholders of redaction as blanks. */
export interface SecretScanner {
  /** In any order; spans may overlap. @throws where it cannot tell, which MUST be taken as a failure, never as "no secret" */
  find(text: string): Promise<readonly FoundSecret[]>;
}
