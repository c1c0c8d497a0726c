// What to restore, as a tree with ticks, and how.

import { Check, Minus } from 'lucide-react';
import { useState } from 'react';

import type { ItemView } from '../../../shared/contract/schemas.ts';
import { Button } from '../../components/button.tsx';
import { SwitchField, TextField } from '../../components/fields.tsx';
import { KIND_NAMES, plural } from '../../components/format.ts';
import { ItemTree } from '../../components/items/item-tree.tsx';
import type { TreeRow } from '../../components/items/tree-rows.ts';
import { useTreeRows } from '../../components/items/use-tree-rows.ts';
import { KindIcon } from '../../components/kind-icon.tsx';
import { plainTitle } from '../../components/visible-text.ts';
import { countByKind, tickOf, toggle, type Selection, type TickState } from './selection.ts';
import type { RestoreOptions } from './use-restore.ts';

export interface RestoreTreeProps {
  readonly items: readonly ItemView[];
  readonly selection: Selection;
  readonly onChange: (selection: Selection) => void;
}

export function RestoreTree({ items, selection, onChange }: RestoreTreeProps) {
  const [filter, setFilter] = useState('');
  const { rows, count, fold } = useTreeRows(items, filter);
  const counts = countByKind(items, selection);
  return (
    <section className="restore-choice" aria-label="What to restore">
      <div className="row">
        <h2 className="grow">What to restore</h2>
        <Button look="quiet" onClick={() => onChange(new Set(items.map(({ key }) => key)))}>
          All
        </Button>
        <Button look="quiet" onClick={() => onChange(new Set())}>
          None
        </Button>
      </div>
      <TextField label="Filter" type="search" placeholder="title, address, folder" value={filter} onValue={setFilter} />
      <p className="visually-hidden" role="status">
        {filter.trim() === '' ? '' : plural(count, 'item')}
      </p>
      {rows.length === 0 ? (
        <p className="soft">No item is called so.</p>
      ) : (
        <ItemTree
          label="Items to restore"
          rows={rows}
          checkOf={(row) => tickOf(itemsOf(row), selection)}
          onPress={(row) => onChange(toggle(itemsOf(row), selection))}
          onFold={fold}
          renderRow={(row) => <Row row={row} tick={tickOf(itemsOf(row), selection)} />}
        />
      )}
      <p className="soft small" role="status">
        {counts.length === 0
          ? 'Nothing is ticked.'
          : counts.map(([kind, ticked]) => plural(ticked, KIND_NAMES[kind].one, KIND_NAMES[kind].many)).join(', ')}
      </p>
    </section>
  );
}

function itemsOf(row: TreeRow): readonly ItemView[] {
  return row.type === 'leaf' ? [row.item] : row.items;
}

function Row({ row, tick }: { readonly row: TreeRow; readonly tick: TickState }) {
  return (
    <>
      <span className="restore-tick" data-state={String(tick)} aria-hidden>
        {tick === true && <Check size={13} strokeWidth={3} />}
        {tick === 'indeterminate' && <Minus size={13} strokeWidth={3} />}
      </span>
      {row.type === 'branch' ? (
        <>
          {row.label === '' && <KindIcon kind={row.kind} />}
          <span className="items-row__title captured">
            {row.label === '' ? capitalize(KIND_NAMES[row.kind].many) : plainTitle(row.label)}
          </span>{' '}
          <span className="items-row__note">{row.items.length}</span>
        </>
      ) : (
        <>
          <span className="items-row__title captured" title={plainTitle(row.item.title)}>
            {plainTitle(row.item.title) || 'Without a title'}
          </span>
          {row.item.stale && <span className="badge badge--warn">older</span>}
        </>
      )}
    </>
  );
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export interface RestoreOptionsFieldsProps {
  readonly options: RestoreOptions;
  readonly onChange: (options: RestoreOptions) => void;
}

/** All off: nothing runs and no file changes unless somebody says so. */
export function RestoreOptionsFields({ options, onChange }: RestoreOptionsFieldsProps) {
  return (
    <fieldset className="card stack restore-options">
      <legend className="visually-hidden">How</legend>
      <SwitchField
        label="Run captured commands"
        hint="Off: a terminal comes back with its command on the line, and waits for Enter. Commands known to be harmless run either way."
        isOn={options.runCommands}
        onChange={(runCommands) => onChange({ ...options, runCommands })}
      />
      <SwitchField
        label="Apply git work to the work tree"
        hint="Off: uncommitted work comes back on a branch of its own. On: it is also applied where it fits without a conflict."
        isOn={options.apply}
        onChange={(apply) => onChange({ ...options, apply })}
      />
      <SwitchField
        label="Open file: addresses in browsers"
        hint="Off: tabs that showed files of this machine are left out."
        isOn={options.openFiles}
        onChange={(openFiles) => onChange({ ...options, openFiles })}
      />
    </fieldset>
  );
}
