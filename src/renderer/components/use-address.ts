// The query of the page's address. The router decodes it once before it is split, which would take `%26` in a key for a border.

import { useMemo } from 'react';
import { useSearch } from 'wouter';

/** The parameters, read again when the address changes. */
export function useAddressParameters(): URLSearchParams {
  useSearch();
  const { search } = window.location;
  return useMemo(() => new URLSearchParams(search), [search]);
}
