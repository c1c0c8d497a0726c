/** A reset and the styles that follow it. */
const RESTYLE = /\u001b\[0?m((?:\u001b\[[0-9;:]+m)*)|\u001b\[[0-9;:]+m/g;

/**
 * The text without styles that are set again as they are: kitty does so wherever it wrapped a line. In between, a word would be two, for a
 * search as for redaction.
 */
export function joinStyles(text: string): string {
  let active = '';
  return text.replaceAll(RESTYLE, (sequence, styles: string | undefined) => {
    if (styles === undefined) {
      active += sequence;
      return sequence;
    }
    const isSame = styles === active;
    active = styles;
    return isSame ? '' : sequence;
  });
}
