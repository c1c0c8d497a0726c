// Who calls: a device that is logged in to an account.

import type { DeviceId } from '../../shared/replication/ids.ts';

export interface Caller {
  readonly userId: string;
  readonly deviceId: DeviceId;
  /** The device's number within its account. */
  readonly deviceNo: number;
}
