import { AppError } from '../../../shared/model/app-error.ts';

/** The way to the GraphQL of the server that this installation is logged in to; who keeps the account's tokens fills it. */
export interface ServerLink {
  /**
   * Asks with the account's token, which is renewed where it has run out. Gives the answer as parsed JSON.
   * @throws AppError where nobody is logged in, or the server cannot be reached
   */
  ask(question: { readonly query: string; readonly variables: object }, signal?: AbortSignal): Promise<unknown>;
}

/** The link of an installation that is logged in nowhere. */
export const NO_LINK: ServerLink = {
  ask: () =>
    Promise.reject(
      new AppError('PUBLISH_FAILED', 'Nobody is logged in to a server here, so there is nothing to publish to.', {
        hint: 'Log in with `cairn sync login`.',
      }),
    ),
};
