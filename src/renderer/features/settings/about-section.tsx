// What this is, what it never does, and its keys.

import { NEVER_CAPTURED, NOTHING_LEAVES } from '../../components/promises.ts';
import { useStatus } from '../../stores/status.ts';
import { Part, Section } from './section.tsx';

const KEYS: ReadonlyArray<{ readonly keys: readonly string[]; readonly does: string }> = [
  { keys: ['Ctrl', 'K'], does: 'Command palette' },
  { keys: ['/'], does: 'Search' },
  { keys: ['c'], does: 'New checkpoint; of the selected point where one is selected' },
  { keys: ['←', '→'], does: 'Timeline: the change before, the change after' },
  { keys: ['Shift', '← →'], does: 'Timeline: an hour back, an hour on' },
  { keys: ['Enter'], does: 'Timeline: look at the selected point' },
  { keys: ['d'], does: 'Timeline: compare the selected point with now' },
  { keys: ['Esc'], does: 'Close a dialog or a menu' },
];

export function About() {
  const status = useStatus(({ status }) => status);
  return (
    <Section title="About">
      <Part>
        <dl className="settings__facts">
          <dt>Version</dt>
          <dd>
            Cairn {status?.version} {status?.shell === 'serve' ? '(in the browser)' : '(desktop app)'}
          </dd>
          <dt>Licence</dt>
          <dd>MIT</dd>
        </dl>
      </Part>
      <Part title="What Cairn never captures">
        <ul className="settings__bullets">
          {NEVER_CAPTURED.split(', ').map((what) => (
            <li key={what}>{what.charAt(0).toUpperCase() + what.slice(1)}</li>
          ))}
        </ul>
        <p>{NOTHING_LEAVES}</p>
      </Part>
      <Part title="Keys">
        <table className="table">
          <caption className="visually-hidden">Keyboard shortcuts</caption>
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">What it does</th>
            </tr>
          </thead>
          <tbody>
            {KEYS.map(({ keys, does }) => (
              <tr key={does}>
                <td>
                  <span className="row">
                    {keys.map((key) => (
                      <kbd key={key} className="kbd">
                        {key}
                      </kbd>
                    ))}
                  </span>
                </td>
                <td>{does}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <p className="soft small">
          On a Mac, Cmd stands for Ctrl. No key works while you type in a field, but the palette’s.
        </p>
      </Part>
    </Section>
  );
}
