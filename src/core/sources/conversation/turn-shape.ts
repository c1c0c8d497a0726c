// Logs that hold a record for each text, thought, call and result, but none for the message that they belong to: one answer of the
// model is what it wrote between two things that it was told.

/** What the newest message holds so far. */
export type TurnShape = 'none' | 'thinking' | 'text' | 'call' | 'answered';

/** One thing of the model, or what it was told. */
export type TurnStep = 'thinking' | 'text' | 'call' | 'result' | 'user';

/** Gives the shape after the step, and whether the step begins a message. */
export function placeStep(shape: TurnShape, step: TurnStep): { readonly shape: TurnShape; readonly begins: boolean } {
  switch (step) {
    case 'user':
      return { shape: 'none', begins: true };
    case 'result':
      return { shape: shape === 'none' ? 'none' : 'answered', begins: false };
    case 'text':
      return { shape: 'text', begins: shape !== 'thinking' };
    case 'call':
      return { shape: 'call', begins: shape === 'none' || shape === 'answered' };
    case 'thinking':
      return { shape: shape === 'thinking' ? shape : 'thinking', begins: shape !== 'thinking' };
  }
}
