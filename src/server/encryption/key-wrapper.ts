/** Whatever holds the server's key: a file, the environment, or a key management service. The server's key itself seals nothing else. */
export interface KeyWrapper {
  /** Names the key that `wrap` uses now; it stands beside what it wrapped. */
  readonly currentId: string;
  wrap(key: Uint8Array, aad: readonly (string | number)[]): Promise<Uint8Array>;
  /** @throws AppError SERVER_KEY_UNREADABLE where that key is not there, or does not open it */
  unwrap(wrapped: Uint8Array, keyId: string, aad: readonly (string | number)[]): Promise<Buffer>;
}
