// Whose history the timeline shows, where several devices share the vault.

import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { SelectField } from '../../components/fields.tsx';
import { plainTitle } from '../../components/visible-text.ts';
import { lookAtDevice, useSync } from '../../stores/sync.ts';

const THIS = '';

export function DeviceChoice() {
  const isShared = useSync(({ status }) => status !== null && status.account !== null);
  const chosen = useSync(({ device }) => device);
  const { data } = useQuery('sync.devices', (signal) => api.sync.devices(undefined, { signal }), {
    reloadOn: ['devices.changed'],
    isEnabled: isShared,
  });
  const others = (data?.devices ?? []).filter(({ isThis, snapshots }) => !isThis && snapshots > 0);
  if (others.length === 0 && chosen === null) return null;
  return (
    <SelectField
      label="Device"
      value={chosen?.id ?? THIS}
      options={[
        { value: THIS, label: 'This one' },
        ...others.map(({ id, name, wasThis }) => ({
          value: id,
          label: wasThis === true ? `${plainTitle(name)}, before it was put back or merged` : plainTitle(name),
        })),
      ]}
      onValue={(id) => {
        const device = others.find((other) => other.id === id);
        lookAtDevice(device === undefined ? null : { id, name: device.name });
      }}
    />
  );
}
