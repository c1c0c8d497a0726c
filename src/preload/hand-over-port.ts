// Passes the port to the API on to the page, and gives it nothing else. The channel's name is also written in src/main/rpc/page-port.ts.

const PORT_CHANNEL = 'cairn-port';

export interface PreloadDeps<Port> {
  readonly ipc: {
    on(channel: string, listener: (event: { readonly ports: Port[] }) => void): unknown;
  };
  readonly page: {
    readonly location: { readonly origin: string };
    postMessage(message: string, targetOrigin: string, transfer: Port[]): void;
  };
}

export function handOverPort<Port>({ ipc, page }: PreloadDeps<Port>): void {
  ipc.on(PORT_CHANNEL, ({ ports }) => {
    const [port] = ports;
    // The origin is named, so that no other page that came in between is handed it.
    if (port !== undefined) page.postMessage(PORT_CHANNEL, page.location.origin, [port]);
  });
}
