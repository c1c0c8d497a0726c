import type { UpkeepListener } from '../../src/core/app.ts';

/** For whom nothing beside the captures matters. */
export const SILENT: UpkeepListener = {
  onFailed: () => undefined,
  onHealth: () => undefined,
  onHealed: () => undefined,
};
