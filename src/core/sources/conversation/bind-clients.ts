// Joins running programs to the conversations that they show, where each may show several: only what cannot be otherwise.

/**
 * Gives each client the one conversation that it may show, then the others what is left, until nothing more is certain.
 * @returns by conversation; a client with none or several is missing
 */
export function bindClients<Client, Conversation>(
  clients: readonly Client[],
  conversations: readonly Conversation[],
  mayShow: (client: Client, conversation: Conversation) => boolean,
): Map<Conversation, Client> {
  const shown = new Map<Conversation, Client>();
  const free = new Set(clients);
  for (let isDone = false; !isDone;) {
    isDone = true;
    for (const client of free) {
      const candidates = conversations.filter((one) => !shown.has(one) && mayShow(client, one));
      const [only] = candidates;
      if (only === undefined || candidates.length > 1) continue;
      shown.set(only, client);
      free.delete(client);
      isDone = false;
    }
  }
  return shown;
}
