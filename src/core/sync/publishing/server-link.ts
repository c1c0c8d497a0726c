import { notLoggedIn } from '../not-logged-in.ts';

/** The way to the GraphQL of the server that this installation is logged in to; who keeps the account's tokens fills it. */
export interface ServerLink {
  /**
   * Asks with the account's token, which is renewed where it has run out. Gives the answer as parsed JSON.
   * @throws AppError where nobody is logged in, or the server cannot be reached
   */
  ask(question: { readonly query: string; readonly variables: object }, signal?: AbortSignal): Promise<unknown>;
}

/** The link over whatever keeps the account; null where that cannot be. */
export function linkTo(account: { server(): Promise<ServerLink> } | null): ServerLink {
  return {
    ask: async (question, signal) => {
      if (account === null) throw notLoggedIn();
      return (await account.server()).ask(question, signal);
    },
  };
}
