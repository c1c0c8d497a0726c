// One line of coloured text. Everything is text: a captured file cannot say what it is shown as.

import type { Segment } from './segments.ts';
import './code.css';

const SCOPES: ReadonlySet<string> = new Set(
  `addition attr attribute built_in comment deletion doctag keyword link literal meta name number operator params property quote regexp section
  selector-attr selector-class selector-id selector-pseudo selector-tag string subst symbol tag template-tag template-variable title type
  variable`.split(/\s+/),
);

export function CodeLine({ segments }: { readonly segments: readonly Segment[] }) {
  if (segments.length === 1 && segments[0]?.scope === '') return <>{segments[0].text}</>;
  return (
    <>
      {segments.map(({ text, scope }, at) =>
        SCOPES.has(scope) ? (
          <span key={at} className={`code-${scope}`}>
            {text}
          </span>
        ) : (
          text
        ),
      )}
    </>
  );
}
