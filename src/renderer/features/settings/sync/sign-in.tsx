// Signing in. The account's password opens the account and nothing else: the vault's own never leaves this machine.

import { useState, type FormEvent } from 'react';

import type { SyncCode } from '../../../../shared/contract/sync.ts';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { Button } from '../../../components/button.tsx';
import { ErrorMessage, Message } from '../../../components/feedback.tsx';
import { TextField } from '../../../components/fields.tsx';
import { PasswordField } from '../../../components/password-field.tsx';
import { takeSync } from '../../../stores/sync.ts';
import { CodeSignIn } from './code-sign-in.tsx';

type Way = 'account' | 'new' | 'code';

const WAYS: readonly { readonly way: Way; readonly label: string }[] = [
  { way: 'account', label: 'I have an account' },
  { way: 'new', label: 'Make an account' },
  { way: 'code', label: 'Use a code' },
];
const DO_IT = { account: 'Sign in and sync', new: 'Make the account and sync', code: 'Show a code' } as const;

export function SignIn() {
  const [way, setWay] = useState<Way>('account');
  const [code, setCode] = useState<SyncCode | null>(null);
  const [server, setServer] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [deviceName, setDeviceName] = useState('');
  const signing = useAction(async () => {
    const request = {
      server: withScheme(server),
      ...(deviceName.trim() === '' ? {} : { deviceName: deviceName.trim() }),
    };
    if (way === 'code') setCode(await api.sync.requestCode(request));
    else takeSync(await api.sync.login({ ...request, email: email.trim(), password, signUp: way === 'new' }));
  });
  const isAccountGiven = way === 'code' || (email.includes('@') && password !== '');
  const isReady = server.trim() !== '' && isAccountGiven && !signing.isRunning;
  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (isReady) void signing.run();
  };
  if (code !== null) return <CodeSignIn code={code} onEnd={() => setCode(null)} />;
  return (
    <form className="settings__form" onSubmit={handleSubmit}>
      <div className="segmented sync__mode" role="group" aria-label="Account">
        {WAYS.map((one) => (
          <button key={one.way} type="button" aria-pressed={way === one.way} onClick={() => setWay(one.way)}>
            {one.label}
          </button>
        ))}
      </div>
      <TextField
        label="Address of the server"
        hint="Such as https://cairn.example.org."
        value={server}
        onValue={setServer}
        inputMode="url"
        autoComplete="url"
        spellCheck={false}
        maxLength={300}
      />
      {way !== 'code' && (
        <>
          <TextField
            label="E-mail"
            value={email}
            onValue={setEmail}
            type="email"
            autoComplete="username"
            spellCheck={false}
            maxLength={254}
          />
          <PasswordField
            label="Password of the account"
            value={password}
            onValue={setPassword}
            autoComplete={way === 'new' ? 'new-password' : 'current-password'}
          />
        </>
      )}
      <TextField
        label="Name of this device"
        hint="What your other devices call it. Empty for the machine’s own name."
        value={deviceName}
        onValue={setDeviceName}
        maxLength={80}
        autoComplete="off"
      />
      {way === 'code' ? (
        <Message>
          A code is shown here. Whoever enters it on the server’s page, on this machine or another, with e-mail and
          password of the account, lets this device in.
        </Message>
      ) : (
        <Message>
          <strong>Two different secrets:</strong> this password opens your account on the server; the vault’s password
          opens what you captured, and never leaves this machine. Do not use the same one for both.
        </Message>
      )}
      {signing.error !== null && <ErrorMessage error={signing.error} />}
      <div className="row wrap">
        <Button type="submit" look="primary" aria-disabled={!isReady}>
          {DO_IT[way]}
        </Button>
        <span className="soft small" role="status">
          {signing.isRunning && 'Asking the server…'}
        </span>
      </div>
    </form>
  );
}

/** People leave the scheme out; a server on this machine has no certificate. */
function withScheme(text: string): string {
  const address = text.trim();
  if (/^https?:\/\//i.test(address)) return address;
  return `${/^(?:localhost|127\.)/.test(address) ? 'http' : 'https'}://${address}`;
}
