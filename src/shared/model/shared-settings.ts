// Settings that make sense on every device of a vault.

/** Groups of them. `exclusions`: what is never captured. `retention`: how long snapshots stay. */
export const SHARED_SETTINGS = ['exclusions', 'retention'] as const;
export type SharedSettings = (typeof SHARED_SETTINGS)[number];

/** The sealed setting that holds a group's shared values, and what this device last made of them. */
export function sharedSettingOf(group: SharedSettings): string {
  return `sync.shared.${group}`;
}
