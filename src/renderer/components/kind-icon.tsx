// One icon a kind of item, always beside its name.

import { FileText, FolderGit2, Globe, MessagesSquare, SquareTerminal } from 'lucide-react';

import type { ItemKind } from '../../shared/model/item.ts';

const ICONS = {
  terminal: SquareTerminal,
  tab: Globe,
  conversation: MessagesSquare,
  document: FileText,
  repository: FolderGit2,
} as const;

export function KindIcon({ kind, size = 16 }: { readonly kind: ItemKind; readonly size?: number }) {
  const Icon = ICONS[kind];
  return <Icon size={size} aria-hidden style={{ flex: 'none' }} />;
}
