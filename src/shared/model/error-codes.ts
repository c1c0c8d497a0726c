// Every error a user can meet, by code. The code decides the exit code of the CLI and what a shell offers next.

export const ERROR_CODES = [
  'USAGE_INVALID', // an argument, option or value that makes no sense
  'CONFIG_UNKNOWN_KEY',
  'CONFIG_INVALID',
  'CONFIG_UNREADABLE',
  'VAULT_MISSING',
  'VAULT_EXISTS',
  'VAULT_LOCKED', // no password given, or the vault was locked in between
  'VAULT_WRONG_PASSWORD',
  'VAULT_WRONG_OTHER_PASSWORD', // that of a vault which is merged into this one
  'VAULT_TOO_MANY_ATTEMPTS', // wrong passwords came too fast; the next one must wait
  'VAULT_WEAK_PASSWORD',
  'VAULT_SLOT_DAMAGED', // the key slot does not authenticate, whatever the secret
  'VAULT_DAMAGED', // data that does not authenticate or does not fit together
  'VAULT_NOT_A_VAULT', // a file stands there that is no vault
  'VAULT_NEWER_FORMAT',
  'VAULT_ROLLED_BACK', // the file is older than the last head that was remembered outside it
  'VAULT_BUSY', // another process holds the writer's lock
  'VAULT_READ_ONLY', // the folder or file cannot be written
  'VAULT_DISK_FULL',
  'VAULT_CLOSED',
  'SNAPSHOT_NOT_FOUND',
  'SNAPSHOT_AMBIGUOUS',
  'CHECKPOINT_NOT_FOUND',
  'ITEM_NOT_FOUND',
  'SESSION_NOT_FOUND',
  'SESSION_AMBIGUOUS',
  'SESSION_FILE_CHANGED', // a file of a session was changed by somebody else in the meantime
  'CHAT_FAILED', // the endpoint of a chat refused, broke off or could not be reached
  'RESTORE_NOTHING_TO_UNDO',
  'SOURCE_TIMEOUT',
  'SOURCE_UNREADABLE',
  'SOURCE_FAILED',
  'EXEC_FAILED',
  'EXEC_TIMEOUT',
  'API_REFUSED', // a caller of the local API that may not
  'PUBLISH_REDACTION_FAILED', // what was to be published may still hold a secret, or could not be searched
  'PUBLISH_FAILED', // the server gave no answer that makes sense
  'PUBLISH_NOT_FOUND', // a published session or a team that is not there, or that one may not see
  'PUBLISH_REFUSED', // what only others may do
  'PUBLISH_CONFLICT', // something newer is there
  'PUBLISH_QUOTA', // the account has published as much as the server lets it
  'TEAM_INVITE_INVALID',
  'SERVER_ENCRYPTION_FAILED', // the server could not encrypt or decrypt
  'SERVER_KEY_UNREADABLE', // the server's own key is missing or another one
  'KEYCHAIN_UNAVAILABLE', // the system's keychain does not protect a secret, or does not answer
  'SYNC_OFF', // sync was never turned on here, or nobody is logged in
  'SYNC_OFFLINE', // the server cannot be reached
  'SYNC_LOGIN', // logged out, or e-mail and password do not fit
  'SYNC_REVOKED', // another device ended this one
  'SYNC_REFUSED', // the server said no: a limit, a quota, something it does not know
  'SYNC_TOO_OLD', // one side speaks a protocol that the other does not
  'SYNC_WRONG_VAULT', // the server's replica is of another vault
  'SYNC_TAMPERED', // what the server sent does not hold
  'SYNC_FORK', // this device's log stands on the server with other entries
  'SYNC_ASKS', // too many deletions at once
  'SYNC_INCOMPLETE', // the server lacks content that its entries name
  'DEVICE_NOT_FOUND',
  'SERVER_DATABASE', // the sync server cannot open, reach or upgrade its database
  'CANCELLED',
  'BUG', // a broken invariant of ours
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export function isErrorCode(text: string): text is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(text);
}
