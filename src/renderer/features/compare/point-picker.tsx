// Chooses the two moments, in the words that the command line takes too.

import { useState, type FormEvent } from 'react';
import { useLocation } from 'wouter';

import { fromContractError } from '../../../shared/contract/errors.ts';
import { api } from '../../client/client.ts';
import { compareAddress } from '../../components/addresses.ts';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/fields.tsx';
import { ofDevice } from '../../stores/sync.ts';

export function PointPicker({ from, to }: { readonly from: string; readonly to: string }) {
  const [, navigate] = useLocation();
  const [fromText, setFrom] = useState(from);
  const [toText, setTo] = useState(to);
  const [errors, setErrors] = useState<{ readonly from?: string; readonly to?: string }>({});
  const [isRunning, setRunning] = useState(false);

  const handleSubmit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setRunning(true);
    const [first, second] = await Promise.all([resolve(fromText, false), resolve(toText, true)]);
    setRunning(false);
    setErrors({
      ...(first.error === undefined ? {} : { from: first.error }),
      ...(second.error === undefined ? {} : { to: second.error }),
    });
    if (first.id !== undefined && second.id !== undefined) navigate(compareAddress(first.id, second.id));
  };

  return (
    <form className="compare-points" onSubmit={(event) => void handleSubmit(event)}>
      <TextField
        label="From"
        value={fromText}
        onValue={setFrom}
        error={errors.from}
        hint="latest, an age (2h), a time (14:30), a checkpoint's name, an id"
        required
      />
      <TextField label="To" value={toText} onValue={setTo} error={errors.to} hint="the same, or now" required />
      <Button type="submit" look="primary" disabled={isRunning}>
        Compare
      </Button>
    </form>
  );
}

async function resolve(text: string, allowsNow: boolean): Promise<{ readonly id?: string; readonly error?: string }> {
  const reference = text.trim();
  if (reference === '') return { error: 'Say which moment.' };
  if (reference.toLowerCase() === 'now')
    return allowsNow ? { id: 'now' } : { error: 'Now can only be what is compared with: take “latest”.' };
  try {
    return { id: (await api.timeline.resolve({ reference, ...ofDevice() })).id };
  } catch (error) {
    const { message, hint } = fromContractError(error);
    return { error: `${message} ${hint}`.trim() };
  }
}
