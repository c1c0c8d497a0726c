// Form fields: a label, the control, a hint and what is wrong, tied together for screen readers.

import { Check, Minus } from 'lucide-react';
import { Checkbox as RadixCheckbox, Switch as RadixSwitch } from 'radix-ui';
import { useId, type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes } from 'react';

interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
}

interface Ids {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean;
}

function Field({ label, hint, error, children }: FieldProps & { readonly children: (ids: Ids) => ReactNode }) {
  const id = useId();
  const describedBy = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`]
    .join(' ')
    .trim();
  return (
    <div className="field">
      <label className="field__label" htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        'aria-describedby': describedBy === '' ? undefined : describedBy,
        'aria-invalid': error !== undefined,
      })}
      {hint !== undefined && (
        <div className="field__hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {error !== undefined && (
        <div className="field__error" id={`${id}-error`} role="alert">
          {error}
        </div>
      )}
    </div>
  );
}

export interface TextFieldProps extends FieldProps, Omit<InputHTMLAttributes<HTMLInputElement>, 'id' | 'onChange'> {
  readonly onValue: (value: string) => void;
  readonly ref?: React.Ref<HTMLInputElement>;
}

export function TextField({ label, hint, error, onValue, className = '', ...rest }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <input className={`input ${className}`} {...ids} onChange={(event) => onValue(event.target.value)} {...rest} />
      )}
    </Field>
  );
}

export interface TextAreaFieldProps
  extends FieldProps, Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'id' | 'onChange'> {
  readonly onValue: (value: string) => void;
}

export function TextAreaField({ label, hint, error, onValue, className = '', ...rest }: TextAreaFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <textarea
          className={`input ${className}`}
          {...ids}
          onChange={(event) => onValue(event.target.value)}
          {...rest}
        />
      )}
    </Field>
  );
}

export interface SelectFieldProps<Value extends string> extends FieldProps {
  readonly value: Value;
  readonly options: ReadonlyArray<{ readonly value: Value; readonly label: string }>;
  readonly onValue: (value: Value) => void;
}

/** The platform's own list: nothing is as accessible. */
export function SelectField<Value extends string>({
  label,
  hint,
  error,
  value,
  options,
  onValue,
}: SelectFieldProps<Value>) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <select
          className="input"
          {...ids}
          value={value}
          onChange={(event) => {
            const found = options.find((option) => option.value === event.target.value);
            if (found !== undefined) onValue(found.value);
          }}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export interface SwitchFieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly isOn: boolean;
  readonly isDisabled?: boolean;
  readonly onChange: (isOn: boolean) => void;
}

export function SwitchField({ label, hint, isOn, isDisabled = false, onChange }: SwitchFieldProps) {
  const id = useId();
  return (
    <div className="row">
      <div className="grow">
        <label className="field__label" htmlFor={id}>
          {label}
        </label>
        {hint !== undefined && (
          <div className="field__hint" id={`${id}-hint`}>
            {hint}
          </div>
        )}
      </div>
      <RadixSwitch.Root
        id={id}
        className="switch"
        checked={isOn}
        disabled={isDisabled}
        onCheckedChange={onChange}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      >
        <RadixSwitch.Thumb className="switch__thumb" />
      </RadixSwitch.Root>
    </div>
  );
}

export interface CheckboxProps {
  readonly isChecked: boolean | 'indeterminate';
  readonly onChange: (isChecked: boolean) => void;
  /** Its name where no visible label stands beside it. */
  readonly label: string;
  readonly isDisabled?: boolean;
  readonly tabIndex?: number;
}

export function Checkbox({ isChecked, onChange, label, isDisabled = false, tabIndex }: CheckboxProps) {
  return (
    <RadixCheckbox.Root
      className="checkbox"
      checked={isChecked}
      disabled={isDisabled}
      aria-label={label}
      tabIndex={tabIndex}
      onCheckedChange={(state) => onChange(state === true)}
    >
      <RadixCheckbox.Indicator>
        {isChecked === 'indeterminate' ? <Minus size={13} strokeWidth={3} /> : <Check size={13} strokeWidth={3} />}
      </RadixCheckbox.Indicator>
    </RadixCheckbox.Root>
  );
}
