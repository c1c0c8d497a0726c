// The devices that share the vault: which, when they were last seen, what is here of them, and the end of one that was lost.

import { useState, type FormEvent } from 'react';

import type { SyncDevice, SyncStatus } from '../../../../shared/contract/sync.ts';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useQuery } from '../../../client/use-query.ts';
import { Button } from '../../../components/button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { ErrorMessage, Loading } from '../../../components/feedback.tsx';
import { TextField } from '../../../components/fields.tsx';
import { formatAge, formatWhole, plural } from '../../../components/format.ts';
import { tellPlatform } from '../../../components/tell-sync.ts';
import { plainTitle } from '../../../components/visible-text.ts';
import { takeSync } from '../../../stores/sync.ts';

export function Devices({ status }: { readonly status: SyncStatus }) {
  const { data, error, reload } = useQuery('sync.devices', (signal) => api.sync.devices(undefined, { signal }), {
    reloadOn: ['devices.changed'],
  });
  const [revoked, setRevoked] = useState<SyncDevice | null>(null);
  if (error !== null && data === null) return <ErrorMessage error={error} onRetry={reload} />;
  if (data === null) return <Loading what="Asking for the devices" />;
  return (
    <>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {data.devices.length <= 1 && (
        <p className="soft">
          Only this device so far. On another one, sign in to the same account and open the vault with its password or
          recovery key; or ask there to join, and let it in here.
        </p>
      )}
      <table className="table">
        <caption className="visually-hidden">Devices that share this vault</caption>
        <thead>
          <tr>
            <th scope="col">Device</th>
            <th scope="col">Last seen</th>
            <th scope="col">Here of it</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {data.devices.map((device) => (
            <Row key={device.id} device={device} onRevoke={() => setRevoked(device)} />
          ))}
        </tbody>
      </table>
      <Rename key={status.device?.name} name={status.device?.name ?? ''} onDone={reload} />
      {revoked !== null && (
        <Revoke
          device={revoked}
          onClose={() => setRevoked(null)}
          onDone={() => {
            setRevoked(null);
            reload();
          }}
        />
      )}
    </>
  );
}

function Row({ device, onRevoke }: { readonly device: SyncDevice; readonly onRevoke: () => void }) {
  const { name, platform, isThis, wasThis, state, lastSeenAt, snapshots, newestAt, skipped } = device;
  return (
    <tr>
      <td className="captured">
        {plainTitle(name)} <span className="soft small">{plainTitle(tellPlatform(platform))}</span>{' '}
        {isThis && <span className="badge badge--accent">this device</span>}
        {wasThis === true && (
          <span className="badge" title="Before its vault was put back, merged or let in again">
            was this device
          </span>
        )}{' '}
        {state === 'revoked' && <span className="badge badge--bad">revoked</span>}
      </td>
      <td>
        {isThis ? (
          'now'
        ) : lastSeenAt === null ? (
          'not known'
        ) : (
          <time dateTime={lastSeenAt} title={formatWhole(lastSeenAt)}>
            {formatAge(lastSeenAt)}
          </time>
        )}
      </td>
      <td>
        {plural(snapshots, 'snapshot')}
        {newestAt !== null && <span className="soft small">, newest {formatAge(newestAt)}</span>}
        {skipped > 0 && (
          <div className="small">{plural(skipped, 'snapshot')} wait for something that is not here yet</div>
        )}
      </td>
      <td className="sync__action">
        {!isThis && state !== 'revoked' && (
          <Button look="quiet" aria-label={`Revoke ${plainTitle(name)}`} onClick={onRevoke}>
            Revoke…
          </Button>
        )}
      </td>
    </tr>
  );
}

function Rename({ name, onDone }: { readonly name: string; readonly onDone: () => void }) {
  const [draft, setDraft] = useState(name);
  const renaming = useAction(async () => {
    takeSync(await api.sync.rename({ name: draft.trim() }));
    onDone();
  });
  const isReady = draft.trim() !== '' && draft.trim() !== name && !renaming.isRunning;
  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (isReady) void renaming.run();
  };
  return (
    <form className="row wrap sync__rename" onSubmit={handleSubmit}>
      <TextField
        label="Name of this device"
        value={draft}
        onValue={setDraft}
        maxLength={80}
        autoComplete="off"
        error={renaming.error === null ? undefined : `${renaming.error.message} ${renaming.error.hint}`}
      />
      <Button type="submit" aria-disabled={!isReady}>
        Rename
      </Button>
    </form>
  );
}

interface RevokeProps {
  readonly device: SyncDevice;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function Revoke({ device, onClose, onDone }: RevokeProps) {
  const name = plainTitle(device.name);
  const revoking = useAction(() => api.sync.revoke({ id: device.id }));
  return (
    <Dialog
      title={`Revoke “${name}”?`}
      description="Its tokens end at once: the server gives it nothing more, and takes nothing more from it. What is on it stays there, the vault’s key included; if it was stolen, its own password protects that. Its history stays here."
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button
            look="danger"
            disabled={revoking.isRunning}
            onClick={() => void revoking.run().then((isDone) => isDone && onDone())}
          >
            Revoke {name}
          </Button>
        </>
      }
    >
      {revoking.error !== null && <ErrorMessage error={revoking.error} />}
    </Dialog>
  );
}
