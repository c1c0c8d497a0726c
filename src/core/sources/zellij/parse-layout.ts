// Parses what `zellij action dump-layout` prints: which panes stand in which tab. It names no pane, so a pane of it is known only where no
// other has its folder and program.

import { isAbsolute, join } from 'node:path';

import { parseKdl, type KdlNode } from './parse-kdl.ts';

export interface LayoutPane {
  readonly tabIndex: number;
  readonly tabName: string;
  readonly cwd: string;
  /** The program's name as a path or word; empty for a shell at its prompt. */
  readonly command: string;
}

/** The terminal panes of all tabs, in order; templates and layouts to swap to are none. */
export function parseLayout(text: string): readonly LayoutPane[] {
  const layout = parseKdl(text).find(({ name }) => name === 'layout');
  if (layout === undefined) return [];
  const base = argumentOf(layout, 'cwd') ?? '/';
  const tabs = layout.children.filter(({ name }) => name === 'tab');
  return tabs.flatMap((tab, tabIndex) => {
    const tabCwd = resolve(base, textOf(tab, 'cwd') ?? argumentOf(tab, 'cwd'));
    const tabName = textOf(tab, 'name') ?? '';
    return panesBelow(tab, tabCwd).map((pane) => ({ tabIndex, tabName, ...pane }));
  });
}

function panesBelow(node: KdlNode, base: string): { cwd: string; command: string }[] {
  return node.children.flatMap((child) => {
    if (child.name === 'floating_panes') return panesBelow(child, base);
    if (child.name !== 'pane') return [];
    const cwd = resolve(base, textOf(child, 'cwd') ?? argumentOf(child, 'cwd'));
    if (child.children.some(({ name }) => name === 'plugin')) return [];
    if (child.children.some(({ name }) => name === 'pane')) return panesBelow(child, cwd);
    return [{ cwd, command: textOf(child, 'command') ?? argumentOf(child, 'command') ?? '' }];
  });
}

function textOf(node: KdlNode, name: string): string | undefined {
  const value = node.props.get(name);
  return typeof value === 'string' ? value : undefined;
}

function argumentOf(node: KdlNode, name: string): string | undefined {
  const value = node.children.find((child) => child.name === name)?.args[0];
  return typeof value === 'string' ? value : undefined;
}

function resolve(base: string, path: string | undefined): string {
  if (path === undefined) return base;
  return isAbsolute(path) ? path : join(base, path);
}
