// Signing in. The account's password opens the account and nothing else: the vault's own never leaves this machine.

import { useState, type FormEvent } from 'react';

import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { Button } from '../../../components/button.tsx';
import { ErrorMessage, Message } from '../../../components/feedback.tsx';
import { TextField } from '../../../components/fields.tsx';
import { PasswordField } from '../../../components/password-field.tsx';
import { takeSync } from '../../../stores/sync.ts';

export function SignIn() {
  const [isNew, setNew] = useState(false);
  const [server, setServer] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [deviceName, setDeviceName] = useState('');
  const signing = useAction(async () => {
    takeSync(
      await api.sync.login({
        server: withScheme(server),
        email: email.trim(),
        password,
        signUp: isNew,
        ...(deviceName.trim() === '' ? {} : { deviceName: deviceName.trim() }),
      }),
    );
  });
  const isReady = server.trim() !== '' && email.includes('@') && password !== '' && !signing.isRunning;
  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (isReady) void signing.run();
  };
  return (
    <form className="settings__form" onSubmit={handleSubmit}>
      <div className="segmented sync__mode" role="group" aria-label="Account">
        <button type="button" aria-pressed={!isNew} onClick={() => setNew(false)}>
          I have an account
        </button>
        <button type="button" aria-pressed={isNew} onClick={() => setNew(true)}>
          Make an account
        </button>
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
        autoComplete={isNew ? 'new-password' : 'current-password'}
      />
      <TextField
        label="Name of this device"
        hint="What your other devices call it. Empty for the machine’s own name."
        value={deviceName}
        onValue={setDeviceName}
        maxLength={80}
        autoComplete="off"
      />
      <Message>
        <strong>Two different secrets:</strong> this password opens your account on the server; the vault’s password
        opens what you captured, and never leaves this machine. Do not use the same one for both.
      </Message>
      {signing.error !== null && <ErrorMessage error={signing.error} />}
      <div className="row wrap">
        <Button type="submit" look="primary" aria-disabled={!isReady}>
          {isNew ? 'Make the account and sync' : 'Sign in and sync'}
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
