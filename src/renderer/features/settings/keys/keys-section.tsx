// The keyring: what opens the vault, and how to change it. Each change asks for the password, even while the vault is open.

import type { Keys as KeyList } from '../../../../shared/contract/schemas.ts';
import { ErrorMessage, Loading } from '../../../components/feedback.tsx';
import { formatAge, formatWhole } from '../../../components/format.ts';
import { api } from '../../../client/client.ts';
import { useQuery } from '../../../client/use-query.ts';
import { Part, Section } from '../section.tsx';
import { ChangePassword } from './change-password.tsx';
import { KeychainSwitch } from './keychain-switch.tsx';
import { NewRecoveryKey } from './new-recovery-key.tsx';
import { Rotate } from './rotate.tsx';

const SLOT_NAMES = { password: 'Password', recovery: 'Recovery key', keychain: 'System keychain' } as const;

export function Keys() {
  const { data, error, reload } = useQuery('keys', (signal) => api.keys.list(undefined, { signal }));
  return (
    <Section title="Keys" intro="What opens the vault. Each of these opens it alone.">
      <Part title="Key slots">
        {error !== null && <ErrorMessage error={error} onRetry={reload} />}
        {data === null && error === null && <Loading what="Reading the keyring" />}
        {data !== null && <Slots slots={data.slots} />}
      </Part>
      <Part title="Change the password">
        <ChangePassword onDone={reload} />
      </Part>
      <Part title="New recovery key">
        <NewRecoveryKey onDone={reload} />
      </Part>
      <Part title="System keychain">
        <KeychainSwitch onDone={reload} />
      </Part>
      {data !== null && (
        <Part title="Data keys">
          <Rotate keys={data} onDone={reload} />
        </Part>
      )}
    </Section>
  );
}

function Slots({ slots }: { readonly slots: KeyList['slots'] }) {
  return (
    <table className="table">
      <caption className="visually-hidden">What opens the vault</caption>
      <thead>
        <tr>
          <th scope="col">Opens the vault</th>
          <th scope="col">How it is protected</th>
          <th scope="col">Made</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        {slots.map(({ type, detail, createdAt, isWhole }) => (
          <tr key={type}>
            <td>{SLOT_NAMES[type]}</td>
            <td>{detail}</td>
            <td>
              <time dateTime={createdAt} title={formatWhole(createdAt)}>
                {formatAge(createdAt)}
              </time>
            </td>
            <td>
              {isWhole ? (
                <span className="badge badge--good">Whole</span>
              ) : (
                <span className="badge badge--bad">Damaged: make it anew</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
