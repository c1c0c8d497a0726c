import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import config from '../../.dependency-cruiser.mjs';
import { findViolations } from '../../scripts/check-layers.ts';

describe('the layer rules', () => {
  it('bite: the fixture of forbidden imports breaks every one of them', async () => {
    const violations = await findViolations(fileURLToPath(new URL('./fixtures/layers', import.meta.url)));

    const broken = new Set(violations.map((violation) => violation.rule));
    expect([...broken].toSorted()).toEqual(config.forbidden.map((rule) => rule.name).toSorted());
  });

  it('hold in the project', async () => {
    expect(await findViolations(fileURLToPath(new URL('../..', import.meta.url)))).toEqual([]);
  });
});
