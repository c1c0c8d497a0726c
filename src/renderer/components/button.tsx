// Buttons. An icon alone always has a name for those who do not see it.

import type { ButtonHTMLAttributes, ReactNode } from 'react';

type Look = 'plain' | 'primary' | 'danger' | 'quiet';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: Look;
  readonly size?: 'normal' | 'large';
  readonly ref?: React.Ref<HTMLButtonElement>;
}

export function Button({ look = 'plain', size = 'normal', className = '', type = 'button', ...rest }: ButtonProps) {
  const large = size === 'large' ? 'button--large' : '';
  return <button type={type} className={`button button--${look} ${large} ${className}`} {...rest} />;
}

export interface IconButtonProps extends Omit<ButtonProps, 'children'> {
  /** What it does, as a name. */
  readonly label: string;
  readonly icon: ReactNode;
}

export function IconButton({ label, icon, look = 'quiet', className = '', ...rest }: IconButtonProps) {
  return (
    <Button look={look} className={`button--icon ${className}`} aria-label={label} title={label} {...rest}>
      {icon}
    </Button>
  );
}
