// Devices as people name them, and servers as they may be named.

import { AppError } from '../../shared/model/app-error.ts';
import type { SyncDevice } from '../../shared/contract/sync.ts';
import type { AccountDevice } from '../../shared/replication/account.ts';
import type { DeviceId } from '../../shared/replication/ids.ts';

/** What is known of a device's history as it is here. */
interface HistoryFacts {
  readonly name: string;
  readonly platform: string;
  readonly snapshots: number;
  readonly newestAtMs: number | null;
  readonly skipped: number;
}

/** A device for people. @param account what the server says of it, and `lane` what is here of it; each undefined where there is nothing */
export function describeDevice(
  id: DeviceId,
  account: AccountDevice | undefined,
  history: HistoryFacts | undefined,
  { isThis, wasThis }: { readonly isThis: boolean; readonly wasThis: boolean },
): SyncDevice {
  const iso = (ms: number | null | undefined): string | null =>
    ms === null || ms === undefined ? null : new Date(ms).toISOString();
  const known = account?.revokedAtMs === null || account === undefined ? 'active' : 'revoked';
  return {
    id,
    name: (isThis ? history?.name : (account?.name ?? history?.name)) || id.slice(0, 8),
    platform: account?.platform ?? history?.platform ?? '',
    isThis,
    ...(wasThis ? { wasThis } : {}),
    state: account === undefined && !isThis ? 'unknown' : known,
    lastSeenAt: iso(account?.lastSeenAtMs),
    snapshots: history?.snapshots ?? 0,
    newestAt: iso(history?.newestAtMs),
    skipped: history?.skipped ?? 0,
  };
}

/**
 * A device by its id, the beginning of that, or its name; of several that are called so, the one that was not ended.
 * @throws AppError DEVICE_NOT_FOUND, USAGE_INVALID
 */
export function pickDevice<Device extends { readonly id: DeviceId; readonly name: string; readonly isEnded?: boolean }>(
  devices: readonly Device[],
  reference: string,
): Device {
  const named = devices.filter(({ id, name }) => id === reference || name === reference);
  const going = named.filter(({ isEnded }) => isEnded !== true);
  const exact = going.length === 1 ? going : named;
  const found =
    exact.length > 0 ? exact : devices.filter(({ id }) => /^[0-9a-f]{4,}$/.test(reference) && id.startsWith(reference));
  const [device] = found;
  if (device === undefined) throw deviceNotFound();
  if (found.length > 1)
    throw new AppError('USAGE_INVALID', `${found.length} devices are called that.`, {
      hint: 'Give the beginning of its id: see `cairn sync devices`.',
    });
  return device;
}

/** @throws AppError USAGE_INVALID for an address over which a password could be read */
export function assertServer(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url !== null && url.username === '' && (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)))
    return;
  throw new AppError('USAGE_INVALID', 'The address of the server must begin with https://.', {
    hint: 'Only a server on this machine itself may be reached by http://.',
  });
}

export function deviceNotFound(): AppError {
  return new AppError('DEVICE_NOT_FOUND', 'There is no such device.', { hint: 'See them with `cairn sync devices`.' });
}

export function wrongVault(): AppError {
  return new AppError('SYNC_WRONG_VAULT', 'This account has the replica of another vault; nothing was sent.', {
    hint: 'To use that vault here, make it in another data folder with `cairn sync join`. To sync this one, use an account of its own.',
  });
}
