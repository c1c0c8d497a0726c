import { describe, expect, it } from 'vitest';

import { exitCodeOf } from '../../src/cli/exit-code.ts';
import { ERROR_CODES } from '../../src/shared/model/error-codes.ts';

describe('exitCodeOf()', () => {
  it('gives every error code an exit code other than 0', () => {
    const codes = ERROR_CODES.map(exitCodeOf);

    expect(codes.every((code) => code >= 1 && code <= 5)).toBe(true);
  });

  it.each([
    ['USAGE_INVALID', 2],
    ['CONFIG_UNKNOWN_KEY', 2],
    ['VAULT_LOCKED', 3],
    ['VAULT_WRONG_PASSWORD', 3],
    ['VAULT_MISSING', 4],
    ['SNAPSHOT_NOT_FOUND', 4],
    ['VAULT_DAMAGED', 5],
    ['VAULT_NOT_A_VAULT', 5],
    ['VAULT_SLOT_DAMAGED', 5],
    ['VAULT_NEWER_FORMAT', 1],
    ['VAULT_READ_ONLY', 1],
    ['VAULT_DISK_FULL', 1],
    ['CANCELLED', 1],
  ] as const)('%s means %i', (code, exitCode) => {
    expect(exitCodeOf(code)).toBe(exitCode);
  });
});
